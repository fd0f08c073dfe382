-- What there is twice.
-- name: add_pixels
INSERT INTO pixels (item, sha256, blank, dhash) VALUES (?, ?, ?, ?)
-- name: count_unhashed
SELECT count(*) FROM item WHERE kind = 'frame' AND deleted_seq IS NULL
  AND NOT EXISTS (SELECT 1 FROM pixels WHERE pixels.item = item.id)
-- name: count_frames
SELECT count(*) FROM item WHERE kind = 'frame' AND deleted_seq IS NULL
-- name: stray_pixels
SELECT count(*) FROM pixels JOIN item ON item.id = pixels.item WHERE item.kind NOT IN ('frame', 'erasing')
-- name: each_pixels
SELECT item.id, item.crc32c, pixels.sha256, pixels.blank, pixels.dhash, item.instance, series.study,
  coalesce(patient.alias_of, patient.id), item.frame, item.position, instance.number, series.frame_of_reference,
  series.kernel, series.contrast
FROM item
JOIN pixels ON pixels.item = item.id
LEFT JOIN instance ON instance.id = item.instance
LEFT JOIN series ON series.id = item.series
LEFT JOIN study ON study.id = series.study
LEFT JOIN patient ON patient.id = study.patient
WHERE item.kind = 'frame' AND item.deleted_seq IS NULL
ORDER BY item.id
-- name: each_copy
SELECT instance.id, instance.locator, file.locator, 'copy', NULL FROM file JOIN instance ON instance.id = file.instance
WHERE file.outcome = 'copy' AND instance.deleted_seq IS NULL
UNION ALL SELECT instance.id, instance.locator, conflict.locator, 'conflict', NULL FROM conflict
JOIN instance ON instance.sop_uid = conflict.sop_uid AND instance.deleted_seq IS NULL
UNION ALL SELECT first, kept, locator, 'file', id FROM (
  SELECT id, locator, first_value(id) OVER same AS first, first_value(locator) OVER same AS kept
  FROM instance WHERE deleted_seq IS NULL WINDOW same AS (PARTITION BY file_sha256 ORDER BY id))
WHERE id <> first
ORDER BY 1, 4, 3
-- name: shared_pixels
SELECT DISTINCT pixels.sha256 FROM study
JOIN series ON series.study = study.id
JOIN item ON item.series = series.id AND item.kind = 'frame' AND item.deleted_seq IS NULL
JOIN pixels ON pixels.item = item.id
WHERE study.patient IN (SELECT id FROM patient WHERE id = ?1 OR alias_of = ?1)
  AND pixels.blank = 0 AND pixels.dhash IS NOT NULL
  AND EXISTS (SELECT 1 FROM pixels AS other WHERE other.sha256 = pixels.sha256 AND other.item <> pixels.item)
-- name: rows_of_pixels
SELECT item.id, coalesce(patient.alias_of, patient.id) FROM pixels
JOIN item ON item.id = pixels.item AND item.kind = 'frame' AND item.deleted_seq IS NULL
JOIN series ON series.id = item.series
JOIN study ON study.id = series.study
JOIN patient ON patient.id = study.patient
WHERE pixels.sha256 = ?
