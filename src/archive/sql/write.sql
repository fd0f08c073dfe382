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
INSERT INTO instance (id, sop_uid, series, number, lot, folder, name, stamp, file_sha256)
VALUES (1 + max(coalesce((SELECT max(id) FROM instance), 0),
    coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'instances'), 0)), ?, ?, ?, ?, ?, ?, ?, ?)
-- name: find_lot
SELECT id FROM lot WHERE frames = ? AND sop_class IS ? AND transfer_syntax IS ? AND source IS ? AND slices = ?
-- name: add_lot
INSERT INTO lot (frames, sop_class, transfer_syntax, source, slices) VALUES (?, ?, ?, ?, ?)
-- name: lot_of
SELECT lot.frames, lot.sop_class, lot.transfer_syntax, lot.source, lot.slices FROM instance JOIN lot ON lot.id = instance.lot
WHERE instance.id = ?
-- name: find_folder
SELECT id FROM folder WHERE path = ?
-- name: add_folder
INSERT INTO folder (path) VALUES (?)
-- name: drop_folder
DELETE FROM folder WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM instance WHERE folder = ?1)
  AND NOT EXISTS (SELECT 1 FROM file WHERE folder = ?1)
-- name: drop_folders
DELETE FROM folder WHERE NOT EXISTS (SELECT 1 FROM instance WHERE instance.folder = folder.id)
  AND NOT EXISTS (SELECT 1 FROM file WHERE file.folder = folder.id)
-- name: add_frame
INSERT INTO item (id, instance, series, frame, position, space, crc32c, added_seq, pixels, blank, dhash)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
-- name: add_pooled
INSERT INTO item (id, kind, series, space, crc32c, pooled_from, added_seq) VALUES (?, 'series', ?, ?, ?, ?, ?)
-- name: retire_pooled
UPDATE item SET deleted_seq = ? WHERE series = ? AND kind = 'series' AND deleted_seq IS NULL
-- name: retire_frames
UPDATE item SET deleted_seq = ?1 WHERE deleted_seq IS NULL AND id IN (SELECT other.id FROM run
  CROSS JOIN item AS other ON other.id BETWEEN run.first AND run.last AND other.instance = ?2
  WHERE run.owner = (SELECT coalesce(series, -id) FROM instance WHERE id = ?2))
-- name: retire_instance
UPDATE instance SET deleted_seq = ? WHERE id = ? AND deleted_seq IS NULL
-- name: forget_refused_frames
DELETE FROM refused WHERE locator BETWEEN
  (SELECT folder.path || instance.name || ', frame ' FROM instance JOIN folder ON folder.id = instance.folder WHERE instance.id = ?1)
  AND (SELECT folder.path || instance.name || ', frame :' FROM instance JOIN folder ON folder.id = instance.folder
    WHERE instance.id = ?1)
-- name: series_of
SELECT series FROM instance WHERE id = ?
-- name: move_instance
UPDATE instance SET folder = ?, name = ? WHERE id = ?
-- name: forget_files
DELETE FROM file WHERE instance = ?
-- name: forget_file
DELETE FROM file WHERE folder = ? AND name = ?
-- name: folders_of
SELECT folder FROM file WHERE instance = ?1 UNION SELECT folder FROM instance WHERE id = ?1
-- name: is_place_of
SELECT 1 FROM instance WHERE folder = ? AND name = ? AND id = ? AND deleted_seq IS NULL
-- name: keep_own
UPDATE instance SET stamp = ?, file_sha256 = ?, lot = ? WHERE id = ?
-- name: forget_own
UPDATE instance SET stamp = NULL WHERE folder = ?1 AND name = ?2 AND id <> ?3 AND deleted_seq IS NULL
-- name: forget_stamp
UPDATE instance SET stamp = NULL WHERE id = ?
-- name: forget_conflicts
DELETE FROM file WHERE outcome = 'conflict' AND (SELECT path FROM folder WHERE folder.id = file.folder) || name IN
  (SELECT locator FROM conflict WHERE NOT EXISTS
    (SELECT 1 FROM instance WHERE instance.sop_uid = conflict.sop_uid AND instance.deleted_seq IS NULL))
-- name: put_file
INSERT INTO file (folder, name, stamp, sha256, instance, outcome, slices) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (folder, name) DO UPDATE SET stamp = excluded.stamp, sha256 = excluded.sha256, instance = excluded.instance,
  outcome = excluded.outcome, slices = excluded.slices
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
UPDATE item SET kind = 'erasing' WHERE deleted_seq IS NOT NULL AND (kind IS NULL OR kind = 'series')
-- name: removed
SELECT count(*) FROM item WHERE deleted_seq IS NOT NULL AND (kind IS NULL OR kind = 'series')
-- name: erasing
SELECT id FROM item WHERE kind = 'erasing' ORDER BY id
-- name: drop_row
UPDATE item SET deleted_seq = ? WHERE id = ? AND deleted_seq IS NULL
-- name: add_thumb
INSERT INTO thumb (item, offset, size, crc32c) VALUES (?, ?, ?, ?)
-- name: drop_thumb
DELETE FROM thumb WHERE item = ?
