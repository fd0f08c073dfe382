-- What is said of rows, objects, series and studies. Labels around an image are those of its row, its object, its series
-- and its study: each is found by an index, which a condition on the key would keep from being used.
-- name: live_studies
SELECT study.id FROM study WHERE study.uid = ? AND EXISTS (SELECT 1 FROM series
  CROSS JOIN run ON run.owner = series.id
  CROSS JOIN item ON item.id BETWEEN run.first AND run.last AND item.series = series.id
  WHERE series.study = study.id AND item.kind IS NULL AND item.deleted_seq IS NULL)
ORDER BY study.id
-- name: live_series
SELECT series.id FROM series WHERE series.uid = ? AND EXISTS (SELECT 1 FROM run
  CROSS JOIN item ON item.id BETWEEN run.first AND run.last AND item.series = run.owner
  WHERE run.owner = series.id AND item.kind IS NULL AND item.deleted_seq IS NULL)
ORDER BY series.id
-- name: rows_of_frame
SELECT other.id FROM item
CROSS JOIN run ON run.owner = coalesce(item.series, -item.instance)
CROSS JOIN item AS other ON other.id BETWEEN run.first AND run.last AND other.instance = item.instance
WHERE item.id = ? AND item.kind IS NULL AND item.deleted_seq IS NULL AND other.frame = item.frame
  AND other.kind IS NULL AND other.deleted_seq IS NULL
ORDER BY other.id
-- name: series_of_mean
SELECT series FROM item WHERE id = ? AND kind = 'series' AND deleted_seq IS NULL
-- name: objects_at
SELECT instance.id FROM instance JOIN folder ON folder.id = instance.folder
WHERE folder.path = ?1 AND instance.name = ?2 AND instance.deleted_seq IS NULL
UNION SELECT file.instance FROM file JOIN folder ON folder.id = file.folder
  JOIN instance ON instance.id = file.instance AND instance.deleted_seq IS NULL
WHERE folder.path = ?1 AND file.name = ?2 AND file.outcome = 'copy'
-- name: each_place
SELECT instance.id, folder.path || instance.name FROM instance JOIN folder ON folder.id = instance.folder
WHERE instance.deleted_seq IS NULL
-- name: label_of_item
SELECT id, value, score FROM label WHERE item = ? AND key = ? AND by = ?
-- name: label_of_instance
SELECT id, value, score FROM label WHERE instance = ? AND key = ? AND by = ?
-- name: label_of_series
SELECT id, value, score FROM label WHERE series = ? AND key = ? AND by = ?
-- name: label_of_study
SELECT id, value, score FROM label WHERE study = ? AND key = ? AND by = ?
-- name: add_label
INSERT INTO label (item, instance, series, study, key, value, by, score, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
-- name: change_label
UPDATE label SET value = ?, score = ?, at = ? WHERE id = ?
-- name: drop_label
DELETE FROM label WHERE id = ?
-- name: labels_around
SELECT CASE WHEN item IS NOT NULL THEN 0 WHEN instance IS NOT NULL THEN 1 WHEN series IS NOT NULL THEN 2 ELSE 3 END,
  key, value, by, score
FROM label WHERE item = ? OR instance = ? OR series = ? OR study = ?
ORDER BY key, by, 1 LIMIT 256
-- name: each_label
SELECT label.item, label.instance, series.uid, study.uid, label.key, label.value, label.by, label.score FROM label
LEFT JOIN series ON series.id = label.series
LEFT JOIN study ON study.id = label.study
-- name: each_label_value
SELECT DISTINCT item.id, label.value FROM item
LEFT JOIN series ON series.id = item.series
CROSS JOIN label ON label.item = item.id OR label.instance = item.instance OR label.series = item.series
  OR label.study = series.study
WHERE item.kind IS NULL AND item.deleted_seq IS NULL AND +label.key = ?
ORDER BY item.id, label.value
-- name: labels_of_key
SELECT id, item, instance, series, study FROM label WHERE key = ?1 AND (?2 IS NULL OR by = ?2)
-- name: forget_labels
DELETE FROM label WHERE instance = ?1 OR item IN (SELECT other.id FROM run
  CROSS JOIN item AS other ON other.id BETWEEN run.first AND run.last AND other.instance = ?1
  WHERE run.owner = (SELECT coalesce(series, -id) FROM instance WHERE id = ?1))
-- name: forget_row_labels
DELETE FROM label WHERE item = ?
-- name: forget_labels_of_series
DELETE FROM label WHERE series IS NOT NULL AND NOT EXISTS (SELECT 1 FROM run
  CROSS JOIN item ON item.id BETWEEN run.first AND run.last AND item.series = run.owner
  WHERE run.owner = label.series AND item.kind IS NULL AND item.deleted_seq IS NULL)
-- name: forget_labels_of_studies
DELETE FROM label WHERE study IS NOT NULL AND NOT EXISTS (SELECT 1 FROM series
  CROSS JOIN run ON run.owner = series.id
  CROSS JOIN item ON item.id BETWEEN run.first AND run.last AND item.series = run.owner
  WHERE series.study = label.study AND item.kind IS NULL AND item.deleted_seq IS NULL)
-- name: stray_labels
SELECT count(*) FROM label
LEFT JOIN item ON item.id = label.item
LEFT JOIN instance ON instance.id = label.instance
WHERE label.item IS NOT NULL AND (item.id IS NULL OR item.kind IS NOT NULL OR item.deleted_seq IS NOT NULL)
  OR label.instance IS NOT NULL AND (instance.id IS NULL OR instance.deleted_seq IS NOT NULL)
-- A catalog of format 1 to 5 becomes 6: `set_labels_aside`, label.sql, `carry_labels`.
-- name: set_labels_aside
CREATE TEMP TABLE old_label AS SELECT item, series, study, key, value, by, score, at FROM main.label;
DROP TABLE main.label;
-- name: carry_labels
INSERT INTO label (item, series, study, key, value, by, score, at)
  SELECT item, series, study, key, value, by, score, at FROM temp.old_label
  WHERE (item IS NOT NULL) + (series IS NOT NULL) + (study IS NOT NULL) = 1
  GROUP BY item, series, study, key, by;
DROP TABLE temp.old_label;
-- The same for who only reads.
-- name: labels_of_format_6
CREATE TEMP VIEW label AS SELECT rowid AS id, item, NULL AS instance, series, study, key, value, by, score, at
  FROM main.label;
