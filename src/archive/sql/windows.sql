-- Rows of images that were seen through one of several windows, and of localisers.
-- name: add_voi
INSERT INTO voi (item, picture, name) VALUES (?, ?, ?)
-- name: voi
SELECT picture, name FROM voi WHERE item = ?
-- name: each_voi
SELECT item, picture FROM voi ORDER BY item
-- name: add_localizer
INSERT INTO localizer (item) VALUES (?)
-- name: frames_to_pool
SELECT item.id, item.crc32c, coalesce(voi.picture, item.id), localizer.item IS NOT NULL FROM run
CROSS JOIN item ON item.id BETWEEN run.first AND run.last AND item.series = run.owner
JOIN instance ON instance.id = item.instance
LEFT JOIN voi ON voi.item = item.id
LEFT JOIN localizer ON localizer.item = item.id
WHERE run.owner = ? AND item.kind IS NULL AND item.deleted_seq IS NULL
ORDER BY item.position IS NULL, item.position, instance.number IS NULL, instance.number, item.frame, item.id
-- name: image_rows
SELECT count(*) FROM item WHERE kind IS NULL AND deleted_seq IS NULL
-- name: stray_localizers
SELECT count(*) FROM localizer JOIN item ON item.id = localizer.item WHERE item.kind IN ('series', 'erased')
-- name: stray_voi
SELECT count(*) FROM voi JOIN item ON item.id = voi.item WHERE item.kind IN ('series', 'erased')
-- name: bad_voi
SELECT count(*) FROM voi WHERE picture < 0 OR picture > item OR name NOT IN ('file', 'lung', 'soft', 'bone', 'brain')
-- name: mixed_pictures
SELECT count(*) FROM (SELECT 1 FROM voi JOIN item ON item.id = voi.item
  WHERE item.kind IS NULL AND item.deleted_seq IS NULL
  GROUP BY voi.picture HAVING min(item.instance) <> max(item.instance) OR min(item.frame) <> max(item.frame))
-- name: parted_pictures
SELECT count(*) FROM (SELECT 1 FROM voi JOIN item ON item.id = voi.item
  WHERE item.kind IS NULL AND item.deleted_seq IS NULL
  GROUP BY item.instance, item.frame HAVING min(voi.picture) <> max(voi.picture))
-- name: strange_pictures
SELECT count(*) FROM voi JOIN item ON item.id = voi.item JOIN item AS picture ON picture.id = voi.picture
WHERE item.kind IS NULL AND item.deleted_seq IS NULL AND picture.kind IS NULL
  AND (picture.instance, picture.frame) <> (item.instance, item.frame)
-- name: half_seen
SELECT count(*) FROM (SELECT 1 FROM item LEFT JOIN voi ON voi.item = item.id
  WHERE item.kind IS NULL AND item.deleted_seq IS NULL
  GROUP BY item.instance, item.frame HAVING count(voi.item) NOT IN (0, count(*)))
-- A catalog of format 1 to 5 for who only reads.
-- name: without_voi
CREATE TEMP TABLE voi (item INTEGER PRIMARY KEY, picture INTEGER, name TEXT);
CREATE TEMP TABLE localizer (item INTEGER PRIMARY KEY);
