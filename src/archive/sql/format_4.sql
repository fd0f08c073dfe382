-- A catalog of format 3 becomes 4, in one transaction: `set_aside`, objects.sql, `carry_over`. References are not checked
-- meanwhile, nor renamed.
-- name: set_aside
DROP INDEX instance_sop;
DROP INDEX instance_series;
DROP INDEX instance_locator;
DROP INDEX file_instance;
DROP INDEX item_frame;
DROP INDEX item_series;
DROP INDEX pixels_sha256;
ALTER TABLE instance RENAME TO old_instance;
ALTER TABLE file RENAME TO old_file;
ALTER TABLE item RENAME TO old_item;
ALTER TABLE conflict RENAME TO old_conflict;
ALTER TABLE patient RENAME TO old_patient;
-- name: carry_over
INSERT INTO patient (id, key, identifier, alias_of, birth_year, sex)
  SELECT id, bytes_of(key), identifier, alias_of, birth_year, sex FROM old_patient;
INSERT INTO folder (path) SELECT DISTINCT folder_of(locator) FROM old_instance
  UNION SELECT folder_of(locator) FROM old_file;
-- What is known of the object's own file.
CREATE TEMP TABLE own AS SELECT file.instance AS id, stamp_of(file.size, file.mtime_ns, file.ctime_ns) AS stamp, file.slices
  FROM old_file AS file JOIN old_instance AS instance ON instance.id = file.instance
  WHERE file.outcome = 'stored' AND file.locator = instance.locator AND instance.deleted_seq IS NULL;
CREATE UNIQUE INDEX temp.own_id ON own (id);
INSERT INTO lot (source, sop_class, transfer_syntax, frames, slices)
  SELECT DISTINCT source, sop_class, transfer_syntax, frames, coalesce(own.slices, '')
  FROM old_instance LEFT JOIN temp.own ON own.id = old_instance.id;
INSERT INTO instance (id, sop_uid, series, number, lot, folder, name, stamp, file_sha256, deleted_seq)
  SELECT old.id, packed_uid(old.sop_uid), old.series, old.number,
    (SELECT lot.id FROM lot WHERE lot.frames = old.frames AND lot.sop_class IS old.sop_class
      AND lot.transfer_syntax IS old.transfer_syntax AND lot.source IS old.source AND lot.slices = coalesce(own.slices, '')),
    (SELECT folder.id FROM folder WHERE folder.path = folder_of(old.locator)), name_of(old.locator), own.stamp,
    bytes_of(old.file_sha256), old.deleted_seq
  FROM old_instance AS old LEFT JOIN temp.own ON own.id = old.id ORDER BY old.id;
INSERT INTO file (folder, name, stamp, sha256, instance, outcome, slices)
  SELECT (SELECT folder.id FROM folder WHERE folder.path = folder_of(old.locator)), name_of(old.locator),
    stamp_of(old.size, old.mtime_ns, old.ctime_ns), bytes_of(old.sha256), old.instance, old.outcome, old.slices
  FROM old_file AS old WHERE NOT EXISTS (SELECT 1 FROM old_instance AS instance WHERE instance.id = old.instance
    AND old.outcome = 'stored' AND instance.locator = old.locator AND instance.deleted_seq IS NULL);
INSERT INTO conflict (locator, sop_uid, file_sha256, kept, kept_sha256, at)
  SELECT locator, packed_uid(sop_uid), file_sha256, kept, kept_sha256, at FROM old_conflict;
INSERT INTO item (id, kind, instance, series, frame, position, space, crc32c, pooled_from, added_seq, deleted_seq, pixels,
    blank, dhash)
  SELECT old.id, nullif(old.kind, 'frame'), old.instance, old.series, old.frame, old.position, old.space, old.crc32c,
    old.pooled_from, old.added_seq, old.deleted_seq, substr(bytes_of(pixels.sha256), 1, 16), pixels.blank, pixels.dhash
  FROM old_item AS old LEFT JOIN pixels ON pixels.item = old.id ORDER BY old.id;
DROP TABLE temp.own;
DROP TABLE pixels;
DROP TABLE old_conflict;
DROP TABLE old_patient;
DROP TABLE old_file;
DROP TABLE old_item;
DROP TABLE old_instance;
