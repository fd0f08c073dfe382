-- Tiles of whole slides.
-- name: add_tile
INSERT INTO tile (item, level, x, y, width, height, mpp, read_width, read_height) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
-- name: tile
SELECT level, x, y, width, height, mpp, read_width, read_height FROM tile WHERE item = ?
-- name: tile_rows
SELECT item FROM tile ORDER BY item
-- name: tiles_of
SELECT item.frame, tile.level, tile.x, tile.y, tile.width, tile.height, tile.mpp, tile.read_width, tile.read_height,
  voi.name
FROM run
CROSS JOIN item ON item.id BETWEEN run.first AND run.last AND item.instance = ?1 AND item.series IS ?2
LEFT JOIN tile ON tile.item = item.id
LEFT JOIN voi ON voi.item = item.id
WHERE run.owner = ?3 AND item.kind IS NULL AND item.deleted_seq IS NULL
ORDER BY item.frame, voi.name
-- name: count_tiles
SELECT count(*) FROM tile JOIN item ON item.id = tile.item WHERE item.deleted_seq IS NULL
-- name: stray_tiles
SELECT count(*) FROM tile JOIN item ON item.id = tile.item WHERE item.kind IN ('series', 'erased')
-- name: bad_tiles
SELECT count(*) FROM tile WHERE min(level, x, y, width, height, read_width, read_height) < 0 OR level > 65536
  OR abs(mpp) > 1e300
-- name: tiling
SELECT tiling.choice FROM tiling JOIN source ON source.id = tiling.source WHERE source.url = ?
-- name: set_tiling
INSERT INTO tiling (source, choice) VALUES (?, ?) ON CONFLICT (source) DO UPDATE SET choice = excluded.choice
-- name: forget_tiling
DELETE FROM tiling WHERE source = ?
-- A catalog of format 1 to 4 for who only reads.
-- name: without_tiles
CREATE TEMP TABLE tile (item INTEGER PRIMARY KEY, level INTEGER, x INTEGER, y INTEGER, width INTEGER, height INTEGER,
  mpp REAL, read_width INTEGER, read_height INTEGER);
CREATE TEMP TABLE tiling (source INTEGER PRIMARY KEY, choice TEXT);
