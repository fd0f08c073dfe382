-- What there is twice.
-- name: count_unhashed
SELECT count(*) - count(voi.item) + count(DISTINCT voi.picture) FROM item LEFT JOIN voi ON voi.item = item.id
WHERE item.kind IS NULL AND item.deleted_seq IS NULL AND item.pixels IS NULL
-- name: stray_pixels
SELECT count(*) FROM item WHERE pixels IS NOT NULL AND kind IN ('series', 'erased')
-- name: each_pixels
SELECT item.id, item.crc32c, hex_of(item.pixels), item.blank, item.dhash, item.instance, series.study,
  coalesce(patient.alias_of, patient.id), item.frame, item.position, instance.number, series.frame_of_reference,
  series.kernel, series.contrast, coalesce(voi.picture, item.id), voi.name
FROM item
LEFT JOIN voi ON voi.item = item.id
LEFT JOIN instance ON instance.id = item.instance
LEFT JOIN series ON series.id = item.series
LEFT JOIN study ON study.id = series.study
LEFT JOIN patient ON patient.id = study.patient
WHERE item.kind IS NULL AND item.deleted_seq IS NULL AND item.pixels IS NOT NULL
ORDER BY item.id
-- name: each_copy
SELECT instance.id, kept.path || instance.name, folder.path || file.name, 'copy', NULL FROM file
JOIN folder ON folder.id = file.folder
JOIN instance ON instance.id = file.instance
JOIN folder AS kept ON kept.id = instance.folder
WHERE file.outcome = 'copy' AND instance.deleted_seq IS NULL
UNION ALL SELECT instance.id, folder.path || instance.name, conflict.locator, 'conflict', NULL FROM conflict
JOIN instance ON instance.sop_uid = conflict.sop_uid AND instance.deleted_seq IS NULL
JOIN folder ON folder.id = instance.folder
UNION ALL SELECT first, kept, locator, 'file', id FROM (
  SELECT instance.id, folder.path || instance.name AS locator, first_value(instance.id) OVER same AS first,
    first_value(folder.path || instance.name) OVER same AS kept
  FROM instance JOIN folder ON folder.id = instance.folder WHERE instance.deleted_seq IS NULL
  WINDOW same AS (PARTITION BY instance.file_sha256 ORDER BY instance.id))
WHERE id <> first
ORDER BY 1, 4, 3
-- name: shared_pixels
SELECT DISTINCT item.pixels FROM study
CROSS JOIN series ON series.study = study.id
CROSS JOIN run ON run.owner = series.id
CROSS JOIN item ON item.id BETWEEN run.first AND run.last AND item.series = series.id AND item.kind IS NULL
  AND item.deleted_seq IS NULL
WHERE study.patient IN (SELECT id FROM patient WHERE id = ?1 OR alias_of = ?1)
  AND item.blank = 0 AND item.dhash IS NOT NULL
  AND EXISTS (SELECT 1 FROM item AS other WHERE other.pixels IS NOT NULL
    AND substr(other.pixels, 1, 3) = substr(item.pixels, 1, 3) AND other.pixels = item.pixels
    AND (other.instance, other.frame) <> (item.instance, item.frame))
-- name: rows_of_pixels
SELECT item.id, coalesce(patient.alias_of, patient.id) FROM item
JOIN series ON series.id = item.series
JOIN study ON study.id = series.study
JOIN patient ON patient.id = study.patient
WHERE item.pixels IS NOT NULL AND substr(item.pixels, 1, 3) = substr(?1, 1, 3) AND item.pixels = ?1
  AND item.kind IS NULL AND item.deleted_seq IS NULL
