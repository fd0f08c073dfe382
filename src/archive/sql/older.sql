-- A catalog of format 1 to 3 as format 4 would have it, for who only reads; catalog_older.cpp. Texts stay texts: what is
-- asked for them finds their indexes.
-- name: without_thumbs
CREATE TEMP TABLE thumb (item INTEGER PRIMARY KEY, offset INTEGER, size INTEGER, crc32c INTEGER);
-- name: without_pixels
CREATE TEMP TABLE pixels (item INTEGER PRIMARY KEY, sha256 TEXT, blank INTEGER, dhash INTEGER);
-- name: as_format_4
CREATE TEMP TABLE folder (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE);
INSERT INTO temp.folder VALUES (0, '');
CREATE TEMP VIEW lot AS SELECT id, source, sop_class, transfer_syntax, frames, coalesce((SELECT file.slices
  FROM main.file AS file WHERE file.locator = old.locator AND file.instance = old.id AND file.outcome = 'stored'), '') AS slices
  FROM main.instance AS old;
CREATE TEMP VIEW instance AS SELECT id, sop_uid, series, number, id AS lot, 0 AS folder, locator AS name,
  (SELECT stamp_of(file.size, file.mtime_ns, file.ctime_ns) FROM main.file AS file
    WHERE file.locator = old.locator AND file.instance = old.id AND file.outcome = 'stored') AS stamp,
  file_sha256, deleted_seq FROM main.instance AS old;
CREATE TEMP VIEW file AS SELECT 0 AS folder, locator AS name, stamp_of(size, mtime_ns, ctime_ns) AS stamp, sha256, instance,
  outcome, slices FROM main.file AS old WHERE NOT EXISTS (SELECT 1 FROM main.instance AS kept WHERE kept.id = old.instance
    AND old.outcome = 'stored' AND kept.locator = old.locator AND kept.deleted_seq IS NULL);
CREATE TEMP VIEW item AS SELECT old.id, nullif(old.kind, 'frame') AS kind, old.instance, old.series, old.frame, old.position,
  old.space, old.crc32c, old.pooled_from, old.added_seq, old.deleted_seq, pixels.sha256 AS pixels, pixels.blank, pixels.dhash
  FROM main.item AS old LEFT JOIN pixels ON pixels.item = old.id;
CREATE TEMP VIEW run AS SELECT id AS owner, 0 AS first, 9223372036854775807 AS last FROM main.series
  UNION ALL SELECT -id, 0, 9223372036854775807 FROM main.instance WHERE series IS NULL;
