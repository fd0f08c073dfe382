-- name: each_row
SELECT item.id, item.kind, item.deleted_seq, item.crc32c, item.instance, item.series, series.study,
  coalesce(patient.alias_of, patient.id), @, item.added_seq
FROM item
LEFT JOIN instance ON instance.id = item.instance
LEFT JOIN series ON series.id = item.series
LEFT JOIN study ON study.id = series.study
LEFT JOIN patient ON patient.id = study.patient
ORDER BY item.id
-- name: each_allowed
SELECT item.id FROM item
LEFT JOIN instance ON instance.id = item.instance
LEFT JOIN series ON series.id = item.series
LEFT JOIN study ON study.id = series.study
LEFT JOIN patient ON patient.id = study.patient
WHERE @
ORDER BY item.id
-- name: allows
SELECT @ FROM item
LEFT JOIN instance ON instance.id = item.instance
LEFT JOIN series ON series.id = item.series
LEFT JOIN study ON study.id = series.study
LEFT JOIN patient ON patient.id = study.patient
WHERE item.deleted_seq IS NULL AND item.kind IN ('frame', 'series') AND item.id = ?
-- name: each_value
SELECT item.id, # FROM item
LEFT JOIN instance ON instance.id = item.instance
LEFT JOIN series ON series.id = item.series
LEFT JOIN study ON study.id = series.study
LEFT JOIN patient ON patient.id = study.patient
WHERE item.kind IN ('frame', 'series') AND item.deleted_seq IS NULL
-- name: facet
SELECT #, count(*) FROM item
LEFT JOIN instance ON instance.id = item.instance
LEFT JOIN series ON series.id = item.series
LEFT JOIN study ON study.id = series.study
LEFT JOIN patient ON patient.id = study.patient
WHERE item.kind = 'frame' AND item.deleted_seq IS NULL AND @
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?
-- name: facet_label
SELECT label.key || '=' || label.value, count(DISTINCT item.id) FROM item
LEFT JOIN instance ON instance.id = item.instance
LEFT JOIN series ON series.id = item.series
LEFT JOIN study ON study.id = series.study
LEFT JOIN patient ON patient.id = study.patient
JOIN label ON label.item = item.id OR label.series = item.series OR label.study = series.study
WHERE item.kind = 'frame' AND item.deleted_seq IS NULL AND @
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?
-- name: totals
SELECT count(DISTINCT coalesce(patient.alias_of, patient.id)), count(DISTINCT series.study), count(DISTINCT item.series),
  count(DISTINCT item.instance), count(*)
FROM item
LEFT JOIN instance ON instance.id = item.instance
LEFT JOIN series ON series.id = item.series
LEFT JOIN study ON study.id = series.study
LEFT JOIN patient ON patient.id = study.patient
WHERE item.kind = 'frame' AND item.deleted_seq IS NULL AND @
-- name: series_rows
SELECT item.id, item.crc32c, series.id, study.id, coalesce(patient.alias_of, patient.id)
FROM item
JOIN series ON series.id = item.series
JOIN study ON study.id = series.study
LEFT JOIN patient ON patient.id = study.patient
WHERE item.kind = 'series' AND item.deleted_seq IS NULL AND (series.uid = ?1 OR study.uid = ?2)
ORDER BY item.id
-- name: item
SELECT item.kind, instance.locator, instance.sop_uid, series.uid, study.uid, series.modality, series.body_part,
  study.date, study.description, series.description, study.site, series.station, item.frame, instance.frames,
  item.position, item.crc32c, item.pooled_from, item.instance, series.study, coalesce(patient.alias_of, patient.id), item.series,
  item.deleted_seq IS NOT NULL
FROM item
LEFT JOIN instance ON instance.id = item.instance
LEFT JOIN series ON series.id = item.series
LEFT JOIN study ON study.id = series.study
LEFT JOIN patient ON patient.id = study.patient
WHERE item.id = ? AND (item.deleted_seq IS NULL OR ? = 1) AND item.kind IN ('frame', 'series')
-- name: images_of_study
SELECT item.id, item.crc32c, item.series, item.frame, instance.frames, item.position, instance.sop_uid
FROM item
JOIN instance ON instance.id = item.instance
JOIN series ON series.id = item.series
JOIN study ON study.id = series.study
LEFT JOIN patient ON patient.id = study.patient
WHERE item.kind = 'frame' AND item.deleted_seq IS NULL AND @ AND study.uid = ? AND (? IS NULL OR series.uid = ?)
ORDER BY item.series, item.position IS NULL, item.position, instance.number, instance.id, item.frame
LIMIT ?
-- name: source_of
SELECT instance.sop_class, instance.file_sha256, space.mi2_version, space.weights_sha256, space.profile, space.dtype,
  space.instructions
FROM item
LEFT JOIN instance ON instance.id = item.instance
LEFT JOIN space ON space.id = item.space
WHERE item.id = ? AND item.kind IN ('frame', 'series')
-- name: subject_of
SELECT instance.id, series.study, coalesce(patient.alias_of, patient.id)
FROM instance
LEFT JOIN series ON series.id = instance.series
LEFT JOIN study ON study.id = series.study
LEFT JOIN patient ON patient.id = study.patient
WHERE instance.sop_uid = ? AND instance.deleted_seq IS NULL
-- name: background
SELECT score FROM background WHERE kind = ? ORDER BY place
-- name: chosen
SELECT DISTINCT instance.id FROM item
JOIN instance ON instance.id = item.instance
LEFT JOIN series ON series.id = item.series
LEFT JOIN study ON study.id = series.study
LEFT JOIN patient ON patient.id = study.patient
WHERE item.kind = 'frame' AND item.deleted_seq IS NULL AND @
ORDER BY instance.id
-- name: live_rows
SELECT count(*) FROM item WHERE instance = ? AND kind = 'frame' AND deleted_seq IS NULL
-- name: count_totals
SELECT 'patients', count(DISTINCT coalesce(patient.alias_of, patient.id)) FROM instance
  JOIN series ON series.id = instance.series JOIN study ON study.id = series.study
  JOIN patient ON patient.id = study.patient WHERE instance.deleted_seq IS NULL
UNION ALL SELECT 'studies', count(DISTINCT series.study) FROM instance JOIN series ON series.id = instance.series
  WHERE instance.deleted_seq IS NULL
UNION ALL SELECT 'series', count(DISTINCT series) FROM instance WHERE deleted_seq IS NULL
UNION ALL SELECT 'instances', count(*) FROM instance WHERE deleted_seq IS NULL
UNION ALL SELECT 'images', count(*) FROM item WHERE kind = 'frame' AND deleted_seq IS NULL
UNION ALL SELECT 'pooled', count(*) FROM item WHERE kind = 'series' AND deleted_seq IS NULL
UNION ALL SELECT 'deleted', count(*) FROM item WHERE deleted_seq IS NOT NULL
UNION ALL SELECT 'refused', count(*) FROM refused
UNION ALL SELECT 'conflicts', count(*) FROM conflict
-- name: count_refused
SELECT code || ': ' || reason, count(*) FROM refused WHERE code = 'skipped' GROUP BY reason
UNION ALL SELECT code, count(*) FROM refused WHERE code <> 'skipped' GROUP BY code ORDER BY 2 DESC, 1
-- name: refused_files
SELECT code || char(10) || at || char(10) || replace(reason, char(10), ' ') || char(10) || locator, 1 FROM refused
ORDER BY at DESC, locator LIMIT 10000
-- name: count_modality
SELECT coalesce(series.modality, '-'), count(*) FROM item LEFT JOIN series ON series.id = item.series
WHERE item.kind = 'frame' AND item.deleted_seq IS NULL GROUP BY 1 ORDER BY 2 DESC, 1
-- name: count_site
SELECT coalesce(study.site, '-'), count(*) FROM item LEFT JOIN series ON series.id = item.series
LEFT JOIN study ON study.id = series.study
WHERE item.kind = 'frame' AND item.deleted_seq IS NULL GROUP BY 1 ORDER BY 2 DESC, 1
-- name: count_month
SELECT coalesce(substr(study.date, 1, 7), '-'), count(*) FROM item LEFT JOIN series ON series.id = item.series
LEFT JOIN study ON study.id = series.study
WHERE item.kind = 'frame' AND item.deleted_seq IS NULL GROUP BY 1 ORDER BY 1
-- name: count_station
SELECT coalesce(series.station, '-'), count(*) FROM item LEFT JOIN series ON series.id = item.series
WHERE item.kind = 'frame' AND item.deleted_seq IS NULL GROUP BY 1 ORDER BY 2 DESC, 1
-- name: count_body_part
SELECT coalesce(series.body_part, '-'), count(*) FROM item LEFT JOIN series ON series.id = item.series
WHERE item.kind = 'frame' AND item.deleted_seq IS NULL GROUP BY 1 ORDER BY 2 DESC, 1
-- name: count_space
SELECT substr(space.weights_sha256, 1, 12) || ' ' || space.profile || ' ' || space.dtype || ' mi2 ' || space.mi2_version
  || ' ' || space.instructions, count(*)
FROM item JOIN space ON space.id = item.space WHERE item.deleted_seq IS NULL GROUP BY space.id ORDER BY 2 DESC
-- name: count_source
SELECT source.kind || ' ' || source.url, count(instance.id) FROM source
LEFT JOIN instance ON instance.source = source.id AND instance.deleted_seq IS NULL GROUP BY source.id ORDER BY source.id
-- name: studies_of
SELECT count(*) FROM study WHERE patient = ?1 OR patient IN (SELECT id FROM patient WHERE alias_of = ?1)
-- name: all_studies
SELECT count(*) FROM study
-- name: newest
SELECT coalesce(max(study.date), '-'), 1 FROM study WHERE EXISTS (SELECT 1 FROM series
  JOIN instance ON instance.series = series.id WHERE series.study = study.id AND instance.deleted_seq IS NULL)
-- name: thumb
SELECT thumb.item, thumb.offset, thumb.size, thumb.crc32c FROM thumb JOIN item ON item.id = thumb.item
WHERE thumb.item = ? AND item.kind = 'frame' AND item.deleted_seq IS NULL
-- name: has_thumb
SELECT EXISTS (SELECT 1 FROM thumb WHERE item = ?1) OR EXISTS (
  SELECT 1 FROM item AS mean JOIN item AS slice ON slice.series = mean.series AND slice.kind = 'frame'
  JOIN thumb ON thumb.item = slice.id
  WHERE mean.id = ?1 AND mean.kind = 'series' AND slice.deleted_seq IS NULL)
-- name: each_thumb
SELECT item, offset, size, crc32c FROM thumb ORDER BY item
-- name: erasing_thumbs
SELECT thumb.item, thumb.offset, thumb.size, thumb.crc32c FROM thumb JOIN item ON item.id = thumb.item
WHERE item.kind = 'erasing' ORDER BY thumb.item
-- name: thumbs_end
SELECT max(offset + size) FROM thumb WHERE item >= ? AND item < ?
-- name: count_thumbs
SELECT count(*) FROM thumb JOIN item ON item.id = thumb.item WHERE item.deleted_seq IS NULL
-- name: live_objects
SELECT instance.id, coalesce(series.study, 0) FROM instance LEFT JOIN series ON series.id = instance.series
WHERE instance.deleted_seq IS NULL AND EXISTS (SELECT 1 FROM item
  WHERE item.instance = instance.id AND item.kind = 'frame' AND item.deleted_seq IS NULL)
ORDER BY 2, 1
-- name: object
SELECT instance.sop_uid, instance.locator, instance.file_sha256, study.site,
  patient.id IS NOT NULL OR study.accession_hash IS NOT NULL,
  patient.identifier IS NOT NULL OR study.accession IS NOT NULL, source.kind, source.url
FROM instance
LEFT JOIN series ON series.id = instance.series
LEFT JOIN study ON study.id = series.study
LEFT JOIN patient ON patient.id = study.patient
LEFT JOIN source ON source.id = instance.source
WHERE instance.id = ? AND instance.deleted_seq IS NULL
-- name: live_frames
SELECT frame FROM item WHERE instance = ? AND kind = 'frame' AND deleted_seq IS NULL ORDER BY frame
-- name: each_image
SELECT item.id, instance.sop_uid, instance.locator, instance.file_sha256, item.frame
FROM item JOIN instance ON instance.id = item.instance
WHERE item.kind = 'frame' AND item.deleted_seq IS NULL ORDER BY item.id
