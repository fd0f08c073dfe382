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
SELECT instance.stamp, hex_of(instance.file_sha256), instance.id, 'stored', lot.slices, lot.sop_class FROM folder
JOIN instance ON instance.folder = folder.id AND instance.name = ?2
JOIN lot ON lot.id = instance.lot
WHERE folder.path = ?1 AND instance.deleted_seq IS NULL AND instance.stamp IS NOT NULL
UNION ALL SELECT file.stamp, hex_of(file.sha256), file.instance, file.outcome, file.slices, NULL FROM folder
JOIN file ON file.folder = folder.id AND file.name = ?2
WHERE folder.path = ?1
LIMIT 1
-- name: instance_of
SELECT instance.id, folder.path || instance.name, hex_of(instance.file_sha256) FROM instance
JOIN folder ON folder.id = instance.folder
WHERE instance.sop_uid = ? AND instance.deleted_seq IS NULL
-- name: space_of
SELECT max(item.space) FROM run
CROSS JOIN item ON item.id BETWEEN run.first AND run.last AND item.series = run.owner
WHERE run.owner = ? AND item.kind IS NULL AND item.deleted_seq IS NULL
-- name: patient_of
SELECT coalesce(alias_of, id) FROM patient WHERE key = ?
-- name: frames_of
SELECT item.id, item.crc32c FROM run
CROSS JOIN item ON item.id BETWEEN run.first AND run.last AND item.series = run.owner
JOIN instance ON instance.id = item.instance
WHERE run.owner = ? AND item.kind IS NULL AND item.deleted_seq IS NULL
ORDER BY item.position IS NULL, item.position, instance.number IS NULL, instance.number, item.frame, item.id
