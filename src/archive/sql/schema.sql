-- The catalog of an archive, format 1; thumbs.sql makes it 2, pixels.sql 3. docs/archive.md says what the tables mean.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

CREATE TABLE source (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  url TEXT NOT NULL UNIQUE,
  cursor TEXT,
  last_error TEXT,
  added TEXT NOT NULL
) STRICT;

CREATE TABLE patient (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  identifier TEXT,
  alias_of INTEGER REFERENCES patient (id),
  birth_year INTEGER,
  sex TEXT
) STRICT;

CREATE TABLE study (
  id INTEGER PRIMARY KEY,
  uid TEXT NOT NULL,
  patient INTEGER REFERENCES patient (id),
  date TEXT,
  accession_hash TEXT,
  accession TEXT,
  description TEXT,
  site TEXT
) STRICT;
CREATE INDEX study_uid ON study (uid);
CREATE INDEX study_patient ON study (patient);

CREATE TABLE series (
  id INTEGER PRIMARY KEY,
  uid TEXT NOT NULL,
  study INTEGER NOT NULL REFERENCES study (id),
  modality TEXT,
  body_part TEXT,
  laterality TEXT,
  protocol TEXT,
  description TEXT,
  manufacturer TEXT,
  model TEXT,
  station TEXT,
  software TEXT,
  field_strength REAL,
  kvp REAL,
  kernel TEXT,
  contrast TEXT,
  thickness REAL,
  image_type TEXT,
  frame_of_reference TEXT,
  plane TEXT,
  UNIQUE (study, uid)
) STRICT;
CREATE INDEX series_uid ON series (uid);

CREATE TABLE instance (
  id INTEGER PRIMARY KEY,
  sop_uid TEXT,
  sop_class TEXT,
  series INTEGER REFERENCES series (id),
  number INTEGER,
  frames INTEGER NOT NULL,
  transfer_syntax TEXT,
  locator TEXT NOT NULL,
  size INTEGER NOT NULL,
  file_sha256 TEXT NOT NULL,
  source INTEGER REFERENCES source (id),
  added TEXT NOT NULL,
  deleted_seq INTEGER
) STRICT;
CREATE UNIQUE INDEX instance_sop ON instance (sop_uid) WHERE sop_uid IS NOT NULL AND deleted_seq IS NULL;
CREATE INDEX instance_series ON instance (series);
CREATE INDEX instance_locator ON instance (locator);

-- Every file that was ever looked at and read, so that it need not be read again.
CREATE TABLE file (
  locator TEXT PRIMARY KEY,
  size INTEGER NOT NULL,
  mtime_ns INTEGER NOT NULL,
  ctime_ns INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  instance INTEGER REFERENCES instance (id),
  outcome TEXT NOT NULL,
  slices TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX file_instance ON file (instance);

CREATE TABLE space (
  id INTEGER PRIMARY KEY,
  weights_sha256 TEXT NOT NULL,
  profile TEXT NOT NULL,
  dtype TEXT NOT NULL,
  mi2_version TEXT NOT NULL,
  instructions TEXT NOT NULL,
  state TEXT NOT NULL,
  UNIQUE (weights_sha256, profile, dtype, mi2_version, instructions)
) STRICT;

-- id is the number of the row in the vectors' files.
CREATE TABLE item (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('frame', 'series', 'erasing', 'erased')),
  instance INTEGER REFERENCES instance (id),
  series INTEGER REFERENCES series (id),
  frame INTEGER,
  position REAL,
  space INTEGER REFERENCES space (id),
  crc32c INTEGER NOT NULL,
  pooled_from INTEGER,
  added_seq INTEGER NOT NULL,
  deleted_seq INTEGER
) STRICT;
CREATE UNIQUE INDEX item_frame ON item (instance, frame) WHERE kind = 'frame' AND deleted_seq IS NULL;
CREATE INDEX item_series ON item (series, kind);

CREATE TABLE label (
  item INTEGER REFERENCES item (id),
  series INTEGER REFERENCES series (id),
  study INTEGER REFERENCES study (id),
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  by TEXT NOT NULL,
  score REAL,
  at TEXT NOT NULL
) STRICT;
CREATE INDEX label_key ON label (key, value);

CREATE TABLE refused (
  locator TEXT PRIMARY KEY,
  code TEXT NOT NULL,
  reason TEXT NOT NULL,
  at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Another object with the identifier of one that is in the archive, which was kept.
CREATE TABLE conflict (
  locator TEXT PRIMARY KEY,
  sop_uid TEXT NOT NULL,
  file_sha256 TEXT NOT NULL,
  kept TEXT NOT NULL,
  kept_sha256 TEXT NOT NULL,
  at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- seq is the number of a snapshot.
CREATE TABLE change (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at TEXT NOT NULL,
  what TEXT NOT NULL,
  rows INTEGER NOT NULL
) STRICT;

-- Cosines between what does not belong together, by which a score is judged. In order within a kind.
CREATE TABLE background (
  kind TEXT NOT NULL,
  place INTEGER NOT NULL,
  score REAL NOT NULL,
  PRIMARY KEY (kind, place)
) STRICT, WITHOUT ROWID;
