-- What is known of the files that are added.
-- name: rows
SELECT coalesce(max(id) + 1, 0) FROM item
-- name: entries
SELECT count(*) FROM item WHERE id >= 0
-- name: sequence
SELECT coalesce(max(seq), 0) FROM change
-- name: change_times
SELECT at, seq FROM change ORDER BY seq
-- name: meta
SELECT value FROM meta WHERE key = ?
-- name: file
SELECT size, mtime_ns, ctime_ns, sha256, instance, outcome, slices FROM file WHERE locator = ?
-- name: instance_of
SELECT id, locator, file_sha256 FROM instance WHERE sop_uid = ? AND deleted_seq IS NULL
-- name: has_frame
SELECT 1 FROM item WHERE instance = ? AND frame = ? AND kind = 'frame' AND deleted_seq IS NULL
-- name: space_of
SELECT max(space) FROM item WHERE series = ? AND kind = 'frame' AND deleted_seq IS NULL
-- name: patient_of
SELECT coalesce(alias_of, id) FROM patient WHERE key = ?
-- name: frames_of
SELECT item.id, item.crc32c FROM item JOIN instance ON instance.id = item.instance
WHERE item.series = ? AND item.kind = 'frame' AND item.deleted_seq IS NULL
ORDER BY item.position IS NULL, item.position, instance.number IS NULL, instance.number, item.frame, item.id
