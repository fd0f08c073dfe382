-- What format 5 of the catalog has beside format 4: where the tiles of whole slides lie, in pixels of the finest level,
-- what of a level each was read from, and by which tiles the slides of a source are added.
CREATE TABLE tile (
  item INTEGER PRIMARY KEY REFERENCES item (id),
  level INTEGER NOT NULL,
  x INTEGER NOT NULL,
  y INTEGER NOT NULL,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  mpp REAL NOT NULL,
  read_width INTEGER NOT NULL,
  read_height INTEGER NOT NULL
) STRICT;
CREATE TABLE tiling (
  source INTEGER PRIMARY KEY REFERENCES source (id),
  choice TEXT NOT NULL
) STRICT;
