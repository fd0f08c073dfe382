-- What is known of the objects of a server.
-- name: settled_below
SELECT (SELECT count(*) FROM folder JOIN instance ON instance.folder = folder.id JOIN lot ON lot.id = instance.lot
    WHERE folder.path >= ?1 || '/' AND folder.path < ?1 || '0' AND instance.deleted_seq IS NULL
    AND instance.stamp IS NOT NULL AND lot.slices = ?2)
  + (SELECT count(*) FROM folder JOIN file ON file.folder = folder.id
    WHERE folder.path >= ?1 || '/' AND folder.path < ?1 || '0' AND file.slices = ?2)
  + (SELECT count(*) FROM refused WHERE locator > ?1 || '/' AND locator < ?1 || '0' AND code = 'skipped')
-- name: settled
SELECT EXISTS (SELECT 1 FROM folder JOIN instance ON instance.folder = folder.id AND instance.name = ?4
    JOIN lot ON lot.id = instance.lot
    WHERE folder.path = ?3 AND instance.deleted_seq IS NULL AND instance.stamp IS NOT NULL AND lot.slices = ?2)
  OR EXISTS (SELECT 1 FROM folder JOIN file ON file.folder = folder.id AND file.name = ?4
    WHERE folder.path = ?3 AND file.slices = ?2)
  OR EXISTS (SELECT 1 FROM refused WHERE locator = ?1 AND code = 'skipped')
-- name: settled_of_study
WITH object AS (SELECT DISTINCT item.instance AS id FROM study
  CROSS JOIN series ON series.study = study.id
  CROSS JOIN run ON run.owner = series.id
  CROSS JOIN item ON item.id BETWEEN run.first AND run.last AND item.series = series.id
  WHERE study.uid = ?1 AND (?2 = '' OR series.uid = ?2))
SELECT (SELECT count(*) FROM object CROSS JOIN instance ON instance.id = object.id JOIN folder ON folder.id = instance.folder
    JOIN lot ON lot.id = instance.lot
    WHERE folder.path || instance.name > ?3 || '/' AND folder.path || instance.name < ?3 || '0'
    AND instance.deleted_seq IS NULL AND instance.stamp IS NOT NULL AND lot.slices = ?4)
  + (SELECT count(*) FROM object CROSS JOIN file ON file.instance = object.id JOIN folder ON folder.id = file.folder
    WHERE folder.path || file.name > ?3 || '/' AND folder.path || file.name < ?3 || '0' AND file.slices = ?4)
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
-- name: last_error
SELECT coalesce(last_error, '') FROM source WHERE url = ?
-- name: set_last_error
UPDATE source SET last_error = ? WHERE url = ?
-- name: each_source
SELECT source.id, source.kind, source.url, coalesce(found.instances, 0), coalesce(source.cursor, ''),
  coalesce(source.last_error, '') FROM source
LEFT JOIN (SELECT lot.source, count(*) AS instances FROM instance JOIN lot ON lot.id = instance.lot
  WHERE instance.deleted_seq IS NULL GROUP BY lot.source) AS found ON found.source = source.id ORDER BY source.id
-- name: detach_lots
UPDATE lot SET source = NULL WHERE source = ?
-- name: drop_tiling
DELETE FROM tiling WHERE source = ?
-- name: drop_source
DELETE FROM source WHERE id = ?
