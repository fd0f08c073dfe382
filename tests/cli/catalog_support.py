"""The catalog of an archive as tests look at it: with texts in place of what it packs."""
import contextlib
import sqlite3
from pathlib import Path

# Each patient, object, file, row and hash of pixels as format 3 of the catalog had it.
VIEWS = """
CREATE TEMP VIEW instance AS SELECT o.id, uid_text(o.sop_uid) AS sop_uid, lot.sop_class, o.series, o.number, lot.frames,
  lot.transfer_syntax, folder.path || o.name AS locator, lower(hex(o.file_sha256)) AS file_sha256, lot.source, o.deleted_seq
  FROM main.instance AS o JOIN lot ON lot.id = o.lot JOIN folder ON folder.id = o.folder;
CREATE TEMP VIEW patient AS SELECT id, lower(hex(key)) AS key, identifier, alias_of, birth_year, sex FROM main.patient;
CREATE TEMP VIEW file AS SELECT folder.path || o.name AS locator, o.stamp, lower(hex(o.file_sha256)) AS sha256,
  o.id AS instance, 'stored' AS outcome, lot.slices FROM main.instance AS o JOIN lot ON lot.id = o.lot
  JOIN folder ON folder.id = o.folder WHERE o.stamp IS NOT NULL AND o.deleted_seq IS NULL
  UNION ALL SELECT folder.path || f.name, f.stamp, lower(hex(f.sha256)), f.instance, f.outcome, f.slices
  FROM main.file AS f JOIN folder ON folder.id = f.folder;
CREATE TEMP VIEW item AS SELECT id, coalesce(kind, 'frame') AS kind, instance, series, frame, position, space, crc32c,
  pooled_from, added_seq, deleted_seq FROM main.item;
CREATE TEMP VIEW pixels AS SELECT id AS item, lower(hex(pixels)) AS sha256, blank, dhash FROM main.item
  WHERE pixels IS NOT NULL;
"""


def unpacked(uid):
    if not isinstance(uid, bytes):
        return uid
    return uid[1:].decode() if uid[:1] == b"\xee" else uid.hex().rstrip("f").replace("a", ".")


def packed(uid):
    """As the catalog has a UID."""
    digits = uid.replace(".", "a")
    return bytes.fromhex(digits + "f" * (len(digits) % 2))


def table(archive, sql):
    with contextlib.closing(sqlite3.connect(f"file:{archive}/catalog.sqlite?mode=ro", uri=True)) as catalog:
        catalog.create_function("uid_text", 1, unpacked)
        tables = catalog.execute("SELECT count(*) FROM sqlite_master WHERE name = 'lot'").fetchone()
        if tables == (1,):
            catalog.executescript(VIEWS)
        return catalog.execute(sql).fetchall()


# Format 3 beside what all formats have. Of hashes of pixels format 4 has half: the other half is zeros.
FORMAT_3 = """
PRAGMA foreign_keys = OFF;
PRAGMA legacy_alter_table = ON;
BEGIN;
ALTER TABLE label RENAME TO new_label;
CREATE TABLE label (item INTEGER REFERENCES item (id), series INTEGER REFERENCES series (id),
  study INTEGER REFERENCES study (id), key TEXT NOT NULL, value TEXT NOT NULL, by TEXT NOT NULL, score REAL,
  at TEXT NOT NULL) STRICT;
INSERT INTO label SELECT item, series, study, key, value, by, score, at FROM new_label WHERE instance IS NULL;
DROP TABLE new_label;
CREATE INDEX label_key ON label (key, value);
DROP TABLE voi; DROP TABLE localizer; DROP TABLE tile; DROP TABLE tiling; DROP TRIGGER item_run; DROP INDEX instance_sop; DROP INDEX instance_place; DROP INDEX file_instance;
DROP INDEX item_mean; DROP INDEX item_pixels;
ALTER TABLE instance RENAME TO new_instance;
ALTER TABLE file RENAME TO new_file;
ALTER TABLE item RENAME TO new_item;
ALTER TABLE conflict RENAME TO new_conflict;
ALTER TABLE patient RENAME TO new_patient;
CREATE TABLE patient (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, identifier TEXT,
  alias_of INTEGER REFERENCES patient (id), birth_year INTEGER, sex TEXT) STRICT;
INSERT INTO patient SELECT id, lower(hex(key)), identifier, alias_of, birth_year, sex FROM new_patient;
CREATE TABLE instance (id INTEGER PRIMARY KEY, sop_uid TEXT, sop_class TEXT, series INTEGER REFERENCES series (id),
  number INTEGER, frames INTEGER NOT NULL, transfer_syntax TEXT, locator TEXT NOT NULL, size INTEGER NOT NULL,
  file_sha256 TEXT NOT NULL, source INTEGER REFERENCES source (id), added TEXT NOT NULL, deleted_seq INTEGER) STRICT;
CREATE UNIQUE INDEX instance_sop ON instance (sop_uid) WHERE sop_uid IS NOT NULL AND deleted_seq IS NULL;
CREATE INDEX instance_series ON instance (series);
CREATE INDEX instance_locator ON instance (locator);
CREATE TABLE file (locator TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL,
  sha256 TEXT NOT NULL, instance INTEGER REFERENCES instance (id), outcome TEXT NOT NULL, slices TEXT NOT NULL)
  STRICT, WITHOUT ROWID;
CREATE INDEX file_instance ON file (instance);
CREATE TABLE item (id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('frame', 'series', 'erasing', 'erased')), instance INTEGER REFERENCES instance (id),
  series INTEGER REFERENCES series (id), frame INTEGER, position REAL, space INTEGER REFERENCES space (id),
  crc32c INTEGER NOT NULL, pooled_from INTEGER, added_seq INTEGER NOT NULL, deleted_seq INTEGER) STRICT;
CREATE UNIQUE INDEX item_frame ON item (instance, frame) WHERE kind = 'frame' AND deleted_seq IS NULL;
CREATE INDEX item_series ON item (series, kind);
CREATE TABLE conflict (locator TEXT PRIMARY KEY, sop_uid TEXT NOT NULL, file_sha256 TEXT NOT NULL, kept TEXT NOT NULL,
  kept_sha256 TEXT NOT NULL, at TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE pixels (item INTEGER PRIMARY KEY REFERENCES item (id), sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
  blank INTEGER NOT NULL CHECK (blank IN (0, 1)), dhash INTEGER) STRICT;
CREATE INDEX pixels_sha256 ON pixels (sha256);
INSERT INTO instance SELECT o.id, uid_text(o.sop_uid), sop_class, series, number, frames, transfer_syntax, path || name,
  1, lower(hex(o.file_sha256)), source, '2026-01-01T00:00:00Z', deleted_seq
  FROM new_instance AS o JOIN lot ON lot.id = o.lot JOIN folder ON folder.id = o.folder;
INSERT INTO file SELECT path || name, size_of(path || name), mtime_of(path || name), ctime_of(path || name),
  lower(hex(o.file_sha256)), o.id, 'stored', slices FROM new_instance AS o JOIN lot ON lot.id = o.lot
  JOIN folder ON folder.id = o.folder WHERE o.stamp IS NOT NULL AND o.deleted_seq IS NULL
  UNION ALL SELECT path || name, size_of(path || name), mtime_of(path || name), ctime_of(path || name),
  lower(hex(o.sha256)), o.instance, outcome, slices FROM new_file AS o JOIN folder ON folder.id = o.folder;
INSERT INTO item SELECT id, coalesce(kind, 'frame'), instance, series, frame, position, space, crc32c, pooled_from,
  added_seq, deleted_seq FROM new_item;
INSERT INTO pixels SELECT id, lower(hex(pixels)) || printf('%032d', 0), blank, dhash FROM new_item WHERE pixels IS NOT NULL;
INSERT INTO conflict SELECT locator, uid_text(sop_uid), file_sha256, kept, kept_sha256, at FROM new_conflict;
DROP TABLE new_file; DROP TABLE new_item; DROP TABLE new_conflict; DROP TABLE new_patient; DROP TABLE new_instance; DROP TABLE run;
DROP TABLE lot; DROP TABLE folder;
UPDATE meta SET value = '3' WHERE key = 'format';
COMMIT;
VACUUM;
"""
# What formats 1 and 2 do not have.
OLDER = {1: "DROP TABLE thumb; DROP TABLE pixels;", 2: "DROP TABLE pixels;", 3: ""}


def make_older(archive, number):
    """Makes the catalog one of an older format, as earlier versions wrote it."""
    def of_file(what):
        def find(path):
            file = Path(path)
            return getattr(file.stat(), what) if file.is_file() else 0
        return find
    with contextlib.closing(sqlite3.connect(archive / "catalog.sqlite", isolation_level=None)) as catalog:
        catalog.create_function("uid_text", 1, unpacked)
        for name, what in (("size_of", "st_size"), ("mtime_of", "st_mtime_ns"), ("ctime_of", "st_ctime_ns")):
            catalog.create_function(name, 1, of_file(what))
        catalog.executescript(FORMAT_3)
        catalog.executescript(f"{OLDER[number]} UPDATE meta SET value = '{number}' WHERE key = 'format'")
