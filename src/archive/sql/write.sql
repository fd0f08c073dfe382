-- name: add_change
INSERT INTO change (at, what, rows) VALUES (?, ?, ?)
-- name: find_source
SELECT id FROM source WHERE url = ?
-- name: add_source
INSERT INTO source (kind, url, added) VALUES (?, ?, ?)
-- name: find_space
SELECT id FROM space WHERE weights_sha256 = ? AND profile = ? AND dtype = ? AND mi2_version = ? AND instructions = ?
-- name: add_space
INSERT INTO space (weights_sha256, profile, dtype, mi2_version, instructions, state) VALUES (?, ?, ?, ?, ?, 'live')
-- name: find_patient
SELECT id FROM patient WHERE key = ?
-- name: add_patient
INSERT INTO patient (key, identifier, birth_year, sex) VALUES (?, ?, ?, ?)
-- name: find_study
SELECT id FROM study WHERE uid = ? AND patient IS ?
-- name: add_study
INSERT INTO study (uid, patient, date, accession_hash, accession, description, site) VALUES (?, ?, ?, ?, ?, ?, ?)
-- name: find_series
SELECT id FROM series WHERE uid = ? AND study = ?
-- name: add_series
INSERT INTO series (uid, study, modality, body_part, laterality, protocol, description, manufacturer, model, station,
  software, field_strength, kvp, kernel, contrast, thickness, image_type, frame_of_reference, plane)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
-- name: add_instance
INSERT INTO instance (id, sop_uid, sop_class, series, number, frames, transfer_syntax, locator, size, file_sha256, source,
  added)
VALUES (1 + max(coalesce((SELECT max(id) FROM instance), 0),
    coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'instances'), 0)), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
-- name: add_frame
INSERT INTO item (id, kind, instance, series, frame, position, space, crc32c, added_seq)
VALUES (?, 'frame', ?, ?, ?, ?, ?, ?, ?)
-- name: add_pooled
INSERT INTO item (id, kind, series, space, crc32c, pooled_from, added_seq) VALUES (?, 'series', ?, ?, ?, ?, ?)
-- name: retire_pooled
UPDATE item SET deleted_seq = ? WHERE series = ? AND kind = 'series' AND deleted_seq IS NULL
-- name: retire_frames
UPDATE item SET deleted_seq = ? WHERE instance = ? AND deleted_seq IS NULL
-- name: retire_instance
UPDATE instance SET deleted_seq = ? WHERE id = ? AND deleted_seq IS NULL
-- name: forget_refused_frames
DELETE FROM refused WHERE locator BETWEEN (SELECT locator || ', frame ' FROM instance WHERE id = ?1)
  AND (SELECT locator || ', frame :' FROM instance WHERE id = ?1)
-- name: series_of
SELECT series FROM instance WHERE id = ?
-- name: move_instance
UPDATE instance SET locator = ? WHERE id = ?
-- name: forget_files
DELETE FROM file WHERE instance = ?
-- name: forget_conflicts
DELETE FROM file WHERE outcome = 'conflict' AND locator IN (SELECT locator FROM conflict WHERE NOT EXISTS
  (SELECT 1 FROM instance WHERE instance.sop_uid = conflict.sop_uid AND instance.deleted_seq IS NULL))
-- name: put_file
INSERT INTO file (locator, size, mtime_ns, ctime_ns, sha256, instance, outcome, slices) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (locator) DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns, ctime_ns = excluded.ctime_ns,
  sha256 = excluded.sha256, instance = excluded.instance, outcome = excluded.outcome, slices = excluded.slices
-- name: refuse
INSERT INTO refused (locator, code, reason, at) VALUES (?, ?, ?, ?)
ON CONFLICT (locator) DO UPDATE SET code = excluded.code, reason = excluded.reason, at = excluded.at
-- name: accept
DELETE FROM refused WHERE locator = ?1 OR locator BETWEEN ?1 || ', frame ' AND ?1 || ', frame :'
-- name: settle
DELETE FROM conflict WHERE locator = ?
-- name: add_conflict
INSERT INTO conflict (locator, sop_uid, file_sha256, kept, kept_sha256, at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (locator) DO UPDATE SET sop_uid = excluded.sop_uid, file_sha256 = excluded.file_sha256,
  kept = excluded.kept, kept_sha256 = excluded.kept_sha256, at = excluded.at
-- name: clear_background
DELETE FROM background WHERE kind = ?
-- name: add_background
INSERT INTO background (kind, place, score) VALUES (?, ?, ?)
-- name: set_meta
INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value
-- name: mark_erasing
UPDATE item SET kind = 'erasing' WHERE deleted_seq IS NOT NULL AND kind IN ('frame', 'series')
-- name: removed
SELECT count(*) FROM item WHERE deleted_seq IS NOT NULL AND kind IN ('frame', 'series')
-- name: erasing
SELECT id FROM item WHERE kind = 'erasing' ORDER BY id
-- name: drop_row
UPDATE item SET deleted_seq = ? WHERE id = ? AND deleted_seq IS NULL
-- name: add_thumb
INSERT INTO thumb (item, offset, size, crc32c) VALUES (?, ?, ?, ?)
-- name: drop_thumb
DELETE FROM thumb WHERE item = ?
