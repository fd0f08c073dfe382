// Keys of the data and its augmentation.

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "train/config/keys.hpp"
#include "weights/names.hpp"

namespace mi2::train {
namespace {

constexpr std::array<std::string_view, 3> kFormats{"manifest", "tsv", "zip"};
constexpr std::size_t kMaxSources = 1000;

dataset::DataFormat read_format(const Value& value) {
  const std::string text = value.text();
  for (std::size_t i = 0; i < kFormats.size(); ++i) {
    if (text == kFormats[i]) return static_cast<dataset::DataFormat>(i);
  }
  value.fail(fmt::format("is {}, expected manifest, tsv or zip", weights::in_quotes(text)));
}

constexpr double kLeastWeight = 1e-6;
constexpr double kMostWeight = 1e6;

std::vector<dataset::CaptionColumn> read_captions(const Value& value) {
  std::vector<dataset::CaptionColumn> columns;
  for (const auto& [name, weight] : value.entries())
    columns.push_back({name, weight.number(kLeastWeight, kMostWeight)});
  if (columns.empty()) value.fail("is empty, expected columns with weights, {findings: 2, impression: 1}");
  return columns;
}

dataset::DataSource read_source(const Value& value) {
  dataset::DataSource source;
  for (const auto& [key, entry] : value.entries()) {
    if (key == "FORMAT") {
      source.format = read_format(entry);
    } else if (key == "PATH") {
      source.path = entry.short_text();
    } else if (key == "LABELS") {
      source.labels = entry.short_text();
    } else if (key == "SPLIT") {
      source.split = entry.short_text();
    } else if (key == "FILE_COLUMN") {
      source.file_column = entry.short_text();
    } else if (key == "LABEL_COLUMN") {
      source.label_column = entry.short_text();
    } else if (key == "CAPTION_COLUMN") {
      source.caption_column = entry.short_text();
    } else if (key == "CAPTION_COLUMNS") {
      source.captions = read_captions(entry);
    } else if (key == "WEIGHT") {
      source.weight = entry.number(kLeastWeight, kMostWeight);
    } else if (key == "GROUP_COLUMN") {
      source.group_column = entry.short_text();
    } else {
      entry.fail(
          "is unknown; a source has FORMAT, PATH, LABELS, SPLIT, FILE_COLUMN, LABEL_COLUMN, CAPTION_COLUMN, "
          "CAPTION_COLUMNS, GROUP_COLUMN, WEIGHT");
    }
  }
  if (source.path.empty()) value.fail("has no PATH: the manifest, the image TSV or the zip");
  if (source.format != dataset::DataFormat::kManifest && source.labels.empty()) {
    value.fail("has no LABELS: the label TSV or file that belongs to PATH");
  }
  const bool has_caption_column = source.caption_column != dataset::DataSource().caption_column;
  if (!source.captions.empty() && has_caption_column) {
    value.fail("has CAPTION_COLUMN and CAPTION_COLUMNS, expected one of them");
  }
  const auto needs_table = [&](bool given, std::string_view key) {
    if (!given || source.has_table()) return;
    value.fail(fmt::format("has {}, and {} no columns; expected a manifest, or a zip with a CSV", key,
                           source.format == dataset::DataFormat::kTsv ? "a TSV has" : "its LABELS have"));
  };
  // Passed over, it would have the rows of val and test trained on.
  needs_table(!source.split.empty(), "a SPLIT");
  needs_table(!source.captions.empty(), "CAPTION_COLUMNS");
  needs_table(!source.group_column.empty(), "a GROUP_COLUMN");
  return source;
}

std::string write_source(const dataset::DataSource& source) {
  std::vector<std::string> entries{fmt::format("FORMAT: {}", kFormats[static_cast<std::size_t>(source.format)]),
                                   fmt::format("PATH: {}", yaml_text(source.path.string()))};
  if (!source.labels.empty()) entries.push_back(fmt::format("LABELS: {}", yaml_text(source.labels.string())));
  if (source.has_table()) {
    entries.push_back(fmt::format("SPLIT: {}", yaml_text(source.split)));
    entries.push_back(fmt::format("FILE_COLUMN: {}", yaml_text(source.file_column)));
    entries.push_back(fmt::format("LABEL_COLUMN: {}", yaml_text(source.label_column)));
    if (source.captions.empty()) {
      entries.push_back(fmt::format("CAPTION_COLUMN: {}", yaml_text(source.caption_column)));
    }
  }
  if (!source.captions.empty()) {
    std::vector<std::string> columns;
    for (const dataset::CaptionColumn& column : source.captions) {
      columns.push_back(fmt::format("{}: {}", yaml_text(column.name), yaml_number(column.weight)));
    }
    entries.push_back(fmt::format("CAPTION_COLUMNS: {{{}}}", fmt::join(columns, ", ")));
  }
  if (source.weight) entries.push_back(fmt::format("WEIGHT: {}", yaml_number(*source.weight)));
  if (!source.group_column.empty()) entries.push_back(fmt::format("GROUP_COLUMN: {}", yaml_text(source.group_column)));
  return fmt::format("{{{}}}", fmt::join(entries, ", "));
}

}  // namespace

std::vector<dataset::DataSource> read_data_sources(const Value& value) {
  std::vector<dataset::DataSource> sources;
  const std::vector<Value> items = value.items();
  if (items.size() > kMaxSources) value.fail(fmt::format("has {} entries, the limit is {}", items.size(), kMaxSources));
  sources.reserve(items.size());
  for (const Value& item : items) sources.push_back(read_source(item));
  return sources;
}

std::vector<dataset::DataSource> read_evaluation_sources(const Value& value) {
  std::vector<dataset::DataSource> sources = read_data_sources(value);
  if (std::ranges::none_of(sources, [](const auto& source) { return source.weight.has_value(); })) return sources;
  value.fail("has a WEIGHT, and an evaluation takes each image once");
}

std::string write_data_sources(const std::vector<dataset::DataSource>& sources) {
  std::vector<std::string> entries;
  entries.reserve(sources.size());
  for (const dataset::DataSource& source : sources) entries.push_back(write_source(source));
  return fmt::format("[{}]", fmt::join(entries, ", "));
}

namespace {

std::string_view name_of(dataset::Balance balance) {
  if (balance == dataset::Balance::kLabel) return "label";
  return balance == dataset::Balance::kGroup ? "patient" : "null";
}

void read_balance(Draft& draft, const Value& value) {
  const std::string text = value.is_null() ? "null" : value.text();
  for (const auto balance : {dataset::Balance::kNone, dataset::Balance::kLabel, dataset::Balance::kGroup}) {
    if (name_of(balance) != text) continue;
    draft.config.data.balance = balance;
    return;
  }
  value.fail(fmt::format("is {}, expected label, patient or null", weights::in_quotes(text)));
}

void read_auto_augment(Draft& draft, const Value& value) {
  const std::string text = value.is_null() ? "" : value.text();
  if (text != "ta_wide" && !text.empty()) {
    value.unsupported(fmt::format("is {}, mi2 has ta_wide or null", weights::in_quotes(text)));
  }
  draft.config.augment.trivial_augment = !text.empty();
}

void read_scale(Draft& draft, const Value& value) {
  const auto [low, high] = value.range(0.0001, 1);
  draft.config.augment.scale_min = static_cast<float>(low);
  draft.config.augment.scale_max = static_cast<float>(high);
}

void read_ratio(Draft& draft, const Value& value) {
  const auto [low, high] = value.range(0.01, 100);
  draft.config.augment.ratio_min = static_cast<float>(low);
  draft.config.augment.ratio_max = static_cast<float>(high);
}

/// The shortest text that reads back as the same float.
std::string yaml_float(float value) { return yaml_number(std::stod(fmt::format("{}", value))); }

float share(const Value& value) { return static_cast<float>(value.number(0, 1)); }

constexpr std::array kKeys{
    Key{"WORKERS", "threads that read, decode and augment; 0: one per core",
        [](Draft& d, const Value& v) { d.config.data.loader_threads = static_cast<unsigned>(v.integer(0, 1024)); },
        [](const TrainConfig& c) { return fmt::format("{}", c.data.loader_threads); }},
    Key{"PREFETCH_FACTOR", "batches made ready ahead of the trainer",
        [](Draft& d, const Value& v) { d.config.data.prefetch_batches = static_cast<unsigned>(v.integer(1, 1024)); },
        [](const TrainConfig& c) { return fmt::format("{}", c.data.prefetch_batches); }},
    Key{"CACHE_MEGABYTES", "decoded images kept in memory, as many as fit; 0: none",
        [](Draft& d, const Value& v) { d.config.data.cache_megabytes = static_cast<unsigned>(v.integer(0, 1 << 30)); },
        [](const TrainConfig& c) { return fmt::format("{}", c.data.cache_megabytes); }},
    Key{"DATASET.ROOT", "folder that relative paths of the data start from",
        [](Draft& d, const Value& v) { d.root = v.short_text(); }, nullptr},
    Key{"DATASET.TRAIN", "what is trained on",
        [](Draft& d, const Value& v) { d.config.data.train = read_data_sources(v); },
        [](const TrainConfig& c) { return write_data_sources(c.data.train); }},
    Key{"DATASET.BALANCE", "label or patient: in training each is drawn equally often; null: each record is",
        read_balance, [](const TrainConfig& c) { return std::string(name_of(c.data.balance)); }, true},
    Key{"DATASET.VALIDATION", "what is evaluated on",
        [](Draft& d, const Value& v) { d.config.data.validation = read_evaluation_sources(v); },
        [](const TrainConfig& c) { return write_data_sources(c.data.validation); }},
    Key{"DATASET.PROMPTS", "CSV label,prompt: the texts of zero-shot evaluation; null: the class names",
        [](Draft& d, const Value& v) { d.config.data.prompts = v.short_text(); },
        [](const TrainConfig& c) { return c.data.prompts.empty() ? "null" : yaml_text(c.data.prompts.string()); }},
    Key{"DATASET.TRAIN_TSV_LIST", "image and label TSVs, distinguished by image or text in their names",
        [](Draft& d, const Value& v) {
          d.train_tsv.clear();
          for (const Value& item : v.items()) d.train_tsv.push_back(item.short_text());
        },
        nullptr},
    Key{"DATASET.TRAIN_SET", "folder of TRAIN_TSV_LIST inside ROOT",
        [](Draft& d, const Value& v) { d.train_set = v.short_text(); }, nullptr},
    Key{"AUG.SCALE", "random resized crop: share of the image's area", read_scale,
        [](const TrainConfig& c) {
          return fmt::format("[{}, {}]", yaml_float(c.augment.scale_min), yaml_float(c.augment.scale_max));
        }},
    Key{"AUG.RATIO", "width / height of the crop", read_ratio,
        [](const TrainConfig& c) {
          return fmt::format("[{}, {}]", yaml_float(c.augment.ratio_min), yaml_float(c.augment.ratio_max));
        }},
    Key{"AUG.MIXUP", "alpha of mixup's Beta distribution; 0: no mixup",
        [](Draft& d, const Value& v) { d.config.augment.mixup_alpha = static_cast<float>(v.number(0, 100)); },
        [](const TrainConfig& c) { return yaml_float(c.augment.mixup_alpha); }},
    Key{"AUG.MIXUP_PROB", "share of batches that are mixed, by mixup or CutMix",
        [](Draft& d, const Value& v) { d.config.augment.mixup_probability = share(v); },
        [](const TrainConfig& c) { return yaml_float(c.augment.mixup_probability); }},
    Key{"AUG.MIXCUT", "alpha of CutMix's Beta distribution; 0: no CutMix",
        [](Draft& d, const Value& v) { d.config.augment.cutmix_alpha = static_cast<float>(v.number(0, 100)); },
        [](const TrainConfig& c) { return yaml_float(c.augment.cutmix_alpha); }},
    Key{"AUG.MIXCUT_MINMAX", "limits of CutMix's box in place of lambda's, which mi2 does not have: only []",
        [](Draft& /*d*/, const Value& v) {
          if (!v.items().empty()) v.unsupported("has limits, mi2 draws the box by MIXCUT alone: expected []");
        },
        nullptr},
    Key{"AUG.MIXUP_SWITCH_PROB", "share of mixed batches that get CutMix; without MIXUP or MIXCUT all get the other",
        [](Draft& d, const Value& v) { d.config.augment.cutmix_share = share(v); },
        [](const TrainConfig& c) { return yaml_float(c.augment.cutmix_share); }},
    Key{"AUG.JITTER_PROB", "share of images whose colours are changed by the next four, in a random order",
        [](Draft& d, const Value& v) { d.config.augment.jitter_probability = share(v); },
        [](const TrainConfig& c) { return yaml_float(c.augment.jitter_probability); }},
    Key{"AUG.BRIGHTNESS", "a factor of 1 less to 1 more this; so the next two",
        [](Draft& d, const Value& v) { d.config.augment.brightness = share(v); },
        [](const TrainConfig& c) { return yaml_float(c.augment.brightness); }},
    Key{"AUG.CONTRAST", "towards or away from the image's mean grey",
        [](Draft& d, const Value& v) { d.config.augment.contrast = share(v); },
        [](const TrainConfig& c) { return yaml_float(c.augment.contrast); }},
    Key{"AUG.SATURATION", "towards or away from grey",
        [](Draft& d, const Value& v) { d.config.augment.saturation = share(v); },
        [](const TrainConfig& c) { return yaml_float(c.augment.saturation); }},
    Key{"AUG.HUE", "share of the circle that hues are turned by, either way, at most 0.5",
        [](Draft& d, const Value& v) { d.config.augment.hue = static_cast<float>(v.number(0, 0.5)); },
        [](const TrainConfig& c) { return yaml_float(c.augment.hue); }},
    Key{"AUG.STAIN_PROB", "share of images whose stains are made stronger or weaker",
        [](Draft& d, const Value& v) { d.config.augment.stain_probability = share(v); },
        [](const TrainConfig& c) { return yaml_float(c.augment.stain_probability); }},
    Key{"AUG.STAIN", "how much: what each stain absorbs times 1 less to 1 more this, plus at most this",
        [](Draft& d, const Value& v) { d.config.augment.stain = share(v); },
        [](const TrainConfig& c) { return yaml_float(c.augment.stain); }},
    Key{"AUG.ROUND_PROB", "share of images seen in a round field, black outside",
        [](Draft& d, const Value& v) { d.config.augment.round_probability = share(v); },
        [](const TrainConfig& c) { return yaml_float(c.augment.round_probability); }},
    Key{"AUG.SMALL_PROB", "share of images shown smaller, black around them",
        [](Draft& d, const Value& v) { d.config.augment.small_probability = share(v); },
        [](const TrainConfig& c) { return yaml_float(c.augment.small_probability); }},
    Key{"AUG.SMALL_LEAST", "least share of a side that they keep",
        [](Draft& d, const Value& v) { d.config.augment.small_least = static_cast<float>(v.number(0.01, 1)); },
        [](const TrainConfig& c) { return yaml_float(c.augment.small_least); }},
    Key{"AUG.TORCHVISION_AUG.AUTO_AUGMENT", "ta_wide: TrivialAugmentWide; null: none", read_auto_augment,
        [](const TrainConfig& c) { return std::string(c.augment.trivial_augment ? "ta_wide" : "null"); }, true},
    Key{"AUG.TORCHVISION_AUG.RE_PROB", "share of images with a random rectangle erased",
        [](Draft& d, const Value& v) { d.config.augment.erase_probability = share(v); },
        [](const TrainConfig& c) { return yaml_float(c.augment.erase_probability); }},
    Key{"AUG.TORCHVISION_AUG.HFLIP", "share of images flipped left to right",
        [](Draft& d, const Value& v) { d.config.augment.horizontal_flip = share(v); },
        [](const TrainConfig& c) { return yaml_float(c.augment.horizontal_flip); }},
    Key{"AUG.TORCHVISION_AUG.VFLIP", "share of images flipped top to bottom",
        [](Draft& d, const Value& v) { d.config.augment.vertical_flip = share(v); },
        [](const TrainConfig& c) { return yaml_float(c.augment.vertical_flip); }},
};

}  // namespace

std::span<const Key> data_keys() { return kKeys; }

}  // namespace mi2::train
