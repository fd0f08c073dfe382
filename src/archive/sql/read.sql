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
WHERE item.deleted_seq IS NULL AND (item.kind IS NULL OR item.kind = 'series') AND item.id = ?
-- name: each_value
SELECT item.id, # FROM item
LEFT JOIN instance ON instance.id = item.instance
LEFT JOIN series ON series.id = item.series
LEFT JOIN study ON study.id = series.study
LEFT JOIN patient ON patient.id = study.patient
WHERE (item.kind IS NULL OR item.kind = 'series') AND item.deleted_seq IS NULL
-- name: each_entry
SELECT item.id, coalesce(patient.alias_of, patient.id)# FROM item
LEFT JOIN instance ON instance.id = item.instance
LEFT JOIN series ON series.id = item.series
LEFT JOIN study ON study.id = series.study
LEFT JOIN patient ON patient.id = study.patient
WHERE item.deleted_seq IS NULL AND @ AND coalesce(item.kind, 'frame') = ?
ORDER BY item.id
-- name: facet
SELECT #, count(*) - count(voi.item) + count(DISTINCT voi.picture) FROM item
LEFT JOIN voi ON voi.item = item.id
LEFT JOIN instance ON instance.id = item.instance
LEFT JOIN series ON series.id = item.series
LEFT JOIN study ON study.id = series.study
LEFT JOIN patient ON patient.id = study.patient
WHERE item.kind IS NULL AND item.deleted_seq IS NULL AND @
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?
-- name: facet_label
SELECT label.key || '=' || label.value, count(DISTINCT coalesce(voi.picture, item.id)) FROM item
LEFT JOIN voi ON voi.item = item.id
LEFT JOIN instance ON instance.id = item.instance
LEFT JOIN series ON series.id = item.series
LEFT JOIN study ON study.id = series.study
LEFT JOIN patient ON patient.id = study.patient
JOIN label ON label.item = item.id OR label.instance = item.instance OR label.series = item.series
  OR label.study = series.study
WHERE item.kind IS NULL AND item.deleted_seq IS NULL AND @
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?
-- name: totals
SELECT count(DISTINCT coalesce(patient.alias_of, patient.id)), count(DISTINCT series.study), count(DISTINCT item.series),
  count(DISTINCT item.instance), count(*) - count(voi.item) + count(DISTINCT voi.picture)
FROM item
LEFT JOIN voi ON voi.item = item.id
LEFT JOIN instance ON instance.id = item.instance
LEFT JOIN series ON series.id = item.series
LEFT JOIN study ON study.id = series.study
LEFT JOIN patient ON patient.id = study.patient
WHERE item.kind IS NULL AND item.deleted_seq IS NULL AND @
-- name: series_rows
SELECT item.id, item.crc32c, series.id, study.id, coalesce(patient.alias_of, patient.id)
FROM item
JOIN series ON series.id = item.series
JOIN study ON study.id = series.study
LEFT JOIN patient ON patient.id = study.patient
WHERE item.kind = 'series' AND item.deleted_seq IS NULL AND item.series IN (SELECT id FROM series WHERE uid = ?1
  UNION SELECT series.id FROM study JOIN series ON series.study = study.id WHERE study.uid = ?2)
ORDER BY item.id
-- name: item
SELECT coalesce(item.kind, 'frame'), folder.path || instance.name, uid_text(instance.sop_uid), series.uid, study.uid, series.modality, series.body_part,
  study.date, study.description, series.description, study.site, series.station, item.frame, lot.frames,
  item.position, item.crc32c, item.pooled_from, item.instance, series.study, coalesce(patient.alias_of, patient.id), item.series,
  item.deleted_seq IS NOT NULL
FROM item
LEFT JOIN instance ON instance.id = item.instance
LEFT JOIN lot ON lot.id = instance.lot
LEFT JOIN folder ON folder.id = instance.folder
LEFT JOIN series ON series.id = item.series
LEFT JOIN study ON study.id = series.study
LEFT JOIN patient ON patient.id = study.patient
WHERE item.id = ? AND (item.deleted_seq IS NULL OR ? = 1) AND (item.kind IS NULL OR item.kind = 'series')
-- name: images_of_study
SELECT item.id, item.crc32c, item.series, item.frame, lot.frames, item.position, uid_text(instance.sop_uid), voi.name,
  coalesce(voi.picture, item.id)
FROM study
CROSS JOIN series ON series.study = study.id
CROSS JOIN run ON run.owner = series.id
CROSS JOIN item ON item.id BETWEEN run.first AND run.last AND item.series = series.id
JOIN instance ON instance.id = item.instance
JOIN lot ON lot.id = instance.lot
LEFT JOIN voi ON voi.item = item.id
LEFT JOIN patient ON patient.id = study.patient
WHERE item.kind IS NULL AND item.deleted_seq IS NULL AND @ AND study.uid = ? AND (? IS NULL OR series.uid = ?)
ORDER BY item.series, voi.name, item.position IS NULL, item.position, instance.number, instance.id, item.frame
LIMIT ?
-- name: source_of
SELECT lot.sop_class, hex_of(instance.file_sha256), space.mi2_version, space.weights_sha256, space.profile, space.dtype,
  space.instructions
FROM item
LEFT JOIN instance ON instance.id = item.instance
LEFT JOIN lot ON lot.id = instance.lot
LEFT JOIN space ON space.id = item.space
WHERE item.id = ? AND (item.kind IS NULL OR item.kind = 'series')
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
WHERE item.kind IS NULL AND item.deleted_seq IS NULL AND @
ORDER BY instance.id
-- name: live_images
SELECT count(*) - count(voi.item) + count(DISTINCT voi.picture) FROM run
CROSS JOIN item ON item.id BETWEEN run.first AND run.last AND item.instance = ?1 AND item.series IS ?2
LEFT JOIN voi ON voi.item = item.id
WHERE run.owner = ?3 AND item.kind IS NULL AND item.deleted_seq IS NULL
-- name: count_totals
SELECT 'patients', count(DISTINCT coalesce(patient.alias_of, patient.id)) FROM instance
  JOIN series ON series.id = instance.series JOIN study ON study.id = series.study
  JOIN patient ON patient.id = study.patient WHERE instance.deleted_seq IS NULL
UNION ALL SELECT 'studies', count(DISTINCT series.study) FROM instance JOIN series ON series.id = instance.series
  WHERE instance.deleted_seq IS NULL
UNION ALL SELECT 'series', count(DISTINCT series) FROM instance WHERE deleted_seq IS NULL
UNION ALL SELECT 'instances', count(*) FROM instance WHERE deleted_seq IS NULL
UNION ALL SELECT 'images', count(*) - count(voi.item) + count(DISTINCT voi.picture) FROM item
  LEFT JOIN voi ON voi.item = item.id WHERE item.kind IS NULL AND item.deleted_seq IS NULL
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
SELECT coalesce(series.modality, '-'), count(*) - count(voi.item) + count(DISTINCT voi.picture) FROM item
LEFT JOIN voi ON voi.item = item.id LEFT JOIN series ON series.id = item.series
WHERE item.kind IS NULL AND item.deleted_seq IS NULL GROUP BY 1 ORDER BY 2 DESC, 1
-- name: count_site
SELECT coalesce(study.site, '-'), count(*) - count(voi.item) + count(DISTINCT voi.picture) FROM item
LEFT JOIN voi ON voi.item = item.id LEFT JOIN series ON series.id = item.series
LEFT JOIN study ON study.id = series.study
WHERE item.kind IS NULL AND item.deleted_seq IS NULL GROUP BY 1 ORDER BY 2 DESC, 1
-- name: count_month
SELECT coalesce(substr(study.date, 1, 7), '-'), count(*) - count(voi.item) + count(DISTINCT voi.picture) FROM item
LEFT JOIN voi ON voi.item = item.id LEFT JOIN series ON series.id = item.series
LEFT JOIN study ON study.id = series.study
WHERE item.kind IS NULL AND item.deleted_seq IS NULL GROUP BY 1 ORDER BY 1
-- name: count_station
SELECT coalesce(series.station, '-'), count(*) - count(voi.item) + count(DISTINCT voi.picture) FROM item
LEFT JOIN voi ON voi.item = item.id LEFT JOIN series ON series.id = item.series
WHERE item.kind IS NULL AND item.deleted_seq IS NULL GROUP BY 1 ORDER BY 2 DESC, 1
-- name: count_body_part
SELECT coalesce(series.body_part, '-'), count(*) - count(voi.item) + count(DISTINCT voi.picture) FROM item
LEFT JOIN voi ON voi.item = item.id LEFT JOIN series ON series.id = item.series
WHERE item.kind IS NULL AND item.deleted_seq IS NULL GROUP BY 1 ORDER BY 2 DESC, 1
-- name: count_space
SELECT substr(space.weights_sha256, 1, 12) || ' ' || space.profile || ' ' || space.dtype || ' mi2 ' || space.mi2_version
  || ' ' || space.instructions, count(*)
FROM item JOIN space ON space.id = item.space WHERE item.deleted_seq IS NULL GROUP BY space.id ORDER BY 2 DESC
-- name: studies_of
SELECT count(*) FROM study WHERE patient = ?1 OR patient IN (SELECT id FROM patient WHERE alias_of = ?1)
-- name: all_studies
SELECT count(*) FROM study
-- name: newest
SELECT coalesce(max(date), '-'), 1 FROM study WHERE id IN (SELECT series.study FROM instance
  JOIN series ON series.id = instance.series WHERE instance.deleted_seq IS NULL)
-- name: thumb
SELECT thumb.item, thumb.offset, thumb.size, thumb.crc32c FROM thumb JOIN item ON item.id = thumb.item
WHERE thumb.item = ? AND item.kind IS NULL AND item.deleted_seq IS NULL
-- name: has_thumb
SELECT EXISTS (SELECT 1 FROM thumb WHERE item = ?1) OR EXISTS (
  SELECT 1 FROM run
  CROSS JOIN item ON item.id BETWEEN run.first AND run.last AND item.series = run.owner
  JOIN thumb ON thumb.item = item.id
  WHERE run.owner = (SELECT series FROM item WHERE id = ?1 AND kind = 'series') AND item.kind IS NULL
    AND item.deleted_seq IS NULL)
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
WHERE instance.deleted_seq IS NULL
  AND instance.id IN (SELECT item.instance FROM item WHERE item.kind IS NULL AND item.deleted_seq IS NULL)
ORDER BY 2, 1
-- name: object
SELECT uid_text(instance.sop_uid), folder.path || instance.name, hex_of(instance.file_sha256), study.site,
  patient.id IS NOT NULL OR study.accession_hash IS NOT NULL,
  patient.identifier IS NOT NULL OR study.accession IS NOT NULL, source.kind, source.url
FROM instance
JOIN folder ON folder.id = instance.folder
JOIN lot ON lot.id = instance.lot
LEFT JOIN series ON series.id = instance.series
LEFT JOIN study ON study.id = series.study
LEFT JOIN patient ON patient.id = study.patient
LEFT JOIN source ON source.id = lot.source
WHERE instance.id = ? AND instance.deleted_seq IS NULL
-- name: live_frames
SELECT item.frame, voi.name, voi.picture FROM run
CROSS JOIN item ON item.id BETWEEN run.first AND run.last AND item.instance = ?1 AND item.series IS ?2
LEFT JOIN voi ON voi.item = item.id
WHERE run.owner = ?3 AND item.kind IS NULL AND item.deleted_seq IS NULL
ORDER BY item.frame, voi.name
-- name: rows_of
SELECT item.id, item.frame, item.crc32c FROM run
CROSS JOIN item ON item.id BETWEEN run.first AND run.last AND item.instance = ?1 AND item.series IS ?2
WHERE run.owner = ?3 AND item.kind IS NULL AND item.deleted_seq IS NULL
ORDER BY item.frame, item.id
-- name: each_image
SELECT item.id, uid_text(instance.sop_uid), folder.path || instance.name, hex_of(instance.file_sha256), item.frame,
  voi.name
FROM item JOIN instance ON instance.id = item.instance JOIN folder ON folder.id = instance.folder
LEFT JOIN voi ON voi.item = item.id
WHERE item.kind IS NULL AND item.deleted_seq IS NULL ORDER BY item.id
-- name: lost_instances
SELECT count(*) FROM item WHERE instance IS NOT NULL AND NOT EXISTS (SELECT 1 FROM instance WHERE instance.id = item.instance)
-- name: lost_series
SELECT count(*) FROM item WHERE series IS NOT NULL AND NOT EXISTS (SELECT 1 FROM series WHERE series.id = item.series)
-- name: series_of_none
SELECT count(*) FROM instance WHERE series IS NOT NULL AND NOT EXISTS (SELECT 1 FROM series WHERE series.id = instance.series)
-- name: outside_of_runs
SELECT count(*) FROM item WHERE instance IS NOT NULL AND NOT EXISTS (SELECT 1 FROM run
  WHERE run.owner = coalesce(item.series, -item.instance) AND item.id BETWEEN run.first AND run.last)
-- name: repeated_frames
SELECT count(*) FROM (SELECT 1 FROM item LEFT JOIN voi ON voi.item = item.id
  WHERE item.kind IS NULL AND item.deleted_seq IS NULL GROUP BY item.instance, item.frame, voi.name HAVING count(*) > 1)
-- name: bad_frames
SELECT count(*) FROM item WHERE frame < 0 OR frame > 9007199254740992
-- name: all_uids
SELECT sum(length(uid_text(sop_uid))) FROM instance
