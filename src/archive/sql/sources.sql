-- What is known of the objects of a server.
-- name: settled_below
SELECT (SELECT count(*) FROM file WHERE locator > ?1 || '/' AND locator < ?1 || '0' AND slices = ?2)
  + (SELECT count(*) FROM refused WHERE locator > ?1 || '/' AND locator < ?1 || '0' AND code = 'skipped')
-- name: settled
SELECT EXISTS (SELECT 1 FROM file WHERE locator = ?1 AND slices = ?2)
  OR EXISTS (SELECT 1 FROM refused WHERE locator = ?1 AND code = 'skipped')
-- name: settled_of_study
SELECT count(*) FROM study JOIN series ON series.study = study.id JOIN instance ON instance.series = series.id
  JOIN file ON file.instance = instance.id
  WHERE study.uid = ?1 AND (?2 = '' OR series.uid = ?2)
  AND file.locator > ?3 || '/' AND file.locator < ?3 || '0' AND file.slices = ?4
-- name: refused_below
SELECT locator FROM refused WHERE code <> 'skipped'
  AND (locator = ?1 OR locator > ?1 || '/' AND locator < ?1 || '0' OR locator BETWEEN ?1 || ', frame ' AND ?1 || ', frame :')
  ORDER BY locator
-- name: forget_refused
DELETE FROM refused WHERE locator = ?1 AND code <> 'skipped'
-- name: cursor
SELECT coalesce(cursor, '') FROM source WHERE url = ?
-- name: set_cursor
UPDATE source SET cursor = ? WHERE url = ?
