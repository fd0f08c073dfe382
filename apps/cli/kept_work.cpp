#include "kept_work.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <system_error>
#include <utility>

#include <sys/stat.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>
#include <mi2/version.hpp>

#include "base/base64.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/records.hpp"
#include "embedder/preparer.hpp"
#include "models/cards.hpp"
#include "output.hpp"
#include "torch_program.hpp"

namespace mi2::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::size_t kMaxLineBytes = 64U << 20;

std::string encode(std::span<const float> vector) { return base::base64_encode(std::as_bytes(vector)); }

std::vector<float> decode(const Json& text) {
  const std::string bytes = base::base64_decode(text.get_ref<const std::string&>(), "a vector");
  if (bytes.size() % sizeof(float) != 0) throw Error(Code::kBadFile, "a vector is cut");
  std::vector<float> vector(bytes.size() / sizeof(float));
  std::memcpy(vector.data(), bytes.data(), bytes.size());
  return vector;
}

Code code_named(const std::string& name) {
  for (const Code code :
       {Code::kBadArgument, Code::kBadFile, Code::kUnsupported, Code::kTooLarge, Code::kOverloaded, Code::kNotFound}) {
    if (name_of(code) == name) return code;
  }
  return Code::kInternal;
}

std::string line_of(const embedder::Embedded& item) {
  Json line{{"name", item.name}};
  if (item.frame) line["frame"] = {item.frame->number, item.frame->frames};
  if (item.frame && item.frame->tile) {
    const TilePlace& tile = *item.frame->tile;
    line["tile"] = {tile.level, tile.x, tile.y, tile.width, tile.height, tile.mpp};
  }
  if (!item.image.empty()) line["image"] = encode(item.image);
  if (!item.text.empty()) line["text"] = encode(item.text);
  if (item.truncated) line["truncated"] = true;
  if (!item.warnings.empty()) line["warnings"] = std::vector<std::string>(item.warnings.begin(), item.warnings.end());
  if (item.error != nullptr) line["error"] = {name_of(item.error->code()), item.error->what()};
  return line.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

/// An item as it was kept.
struct KeptItem {
  std::string name;
  std::optional<FramePlace> frame;
  std::vector<float> image;
  std::vector<float> text;
  std::vector<std::string> warnings;
  bool truncated = false;
  std::optional<Error> error;
};

KeptItem parse_line(const std::string& text) {
  const Json line = base::parse_json(text, {.name = "a line", .fault = Code::kBadFile});
  KeptItem item;
  item.name = line.at("name").get<std::string>();
  if (line.contains("frame"))
    item.frame = FramePlace{line["frame"].at(0).get<std::uint64_t>(), line["frame"].at(1).get<std::uint64_t>()};
  if (line.contains("tile") && item.frame) {
    const Json& tile = line["tile"];
    const auto number = [&tile](std::size_t i) { return tile.at(i).get<std::uint64_t>(); };
    item.frame->tile =
        TilePlace{tile.at(0).get<unsigned>(), number(1), number(2), number(3), number(4), tile.at(5).get<double>()};
  }
  if (line.contains("image")) item.image = decode(line["image"]);
  if (line.contains("text")) item.text = decode(line["text"]);
  item.truncated = line.contains("truncated");
  if (line.contains("warnings")) item.warnings = line["warnings"].get<std::vector<std::string>>();
  if (line.contains("error")) {
    item.error.emplace(code_named(line["error"].at(0).get<std::string>()), line["error"].at(1).get<std::string>());
  }
  return item;
}

/// Nothing for a line that was damaged.
std::optional<KeptItem> read_item(const std::optional<base::Record>& record) {
  if (!record || record->too_large) return std::nullopt;
  try {
    return parse_line(record->text);
  } catch (const Json::exception&) {
    return std::nullopt;
  } catch (const Error&) {
    return std::nullopt;
  }
}

embedder::Embedded view_of(const KeptItem& item) {
  return {item.name, item.frame,    item.image,     item.text,
          {},        item.warnings, item.truncated, item.error ? &*item.error : nullptr};
}

/// What says without reading the whole of a file whether it is still the one it was.
std::string identity_of(const fs::path& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return "none";
  return fmt::format("{} {}.{:09}", found.st_size, found.st_mtim.tv_sec, found.st_mtim.tv_nsec);
}

std::string identity_of(const embedder::Input& input) {
  const fs::path file = input.file.empty() ? input.path : input.file;
  const auto voxels = embedder::voxels_beside(file);
  return voxels ? identity_of(file) + ' ' + identity_of(*voxels) : identity_of(file);
}

std::string identity_of_model(const fs::path& model) {
  std::error_code ignored;
  if (!fs::is_directory(model, ignored)) return identity_of(model);
  std::vector<std::string> files;
  for (fs::recursive_directory_iterator it(model, ignored), end; it != end; it.increment(ignored)) {
    if (it->is_regular_file(ignored)) files.push_back(it->path().string() + ' ' + identity_of(it->path()));
  }
  std::ranges::sort(files);
  std::string all;
  for (const std::string& file : files) all += file + '\n';
  return all;
}

std::string hash_of(const std::string& text) { return base::sha256_hex(std::as_bytes(std::span(text))); }

/// What auto is depends on the machine, its driver and the program: with another answer, it is another device.
std::string name_of_device(const Device& device) {
  if (device.kind != Device::Kind::kAuto) return to_string(device);
  return links_torch() && models::find_cards().count > 0 ? "auto: cuda:0" : "auto: cpu";
}

}  // namespace

std::string describe_images(const ImageOptions& images) {
  return Json{{"profile", name_of(images.profile)},
              {"azure", {images.azure_size, images.azure_quality}},
              {"intensity", to_string(images.intensity)},
              {"window", images.window ? to_string(*images.window) : ""},
              {"plane", images.plane ? name_of(*images.plane) : ""},
              {"strict", images.strict},
              {"slide", images.slide ? to_string(*images.slide) : ""},
              {"max_pixels", images.max_pixels},
              {"max_file_bytes", images.max_file_bytes}}
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

namespace {

std::string description_of(const KeptJob& job) {
  std::string inputs;
  for (const embedder::Input& input : job.inputs) inputs += input.path + '\0' + identity_of(input) + '\n';
  std::string texts;
  for (const std::string& text : job.texts) texts += fmt::format("{}\n{}", text.size(), text);
  const EmbedderOptions& options = job.model.options;
  return Json{{"version", version()},
              {"inputs", hash_of(inputs)},
              {"texts", hash_of(texts)},
              {"model", hash_of(identity_of_model(job.model.model))},
              {"lora", options.lora.empty() ? "" : hash_of(identity_of(options.lora))},
              {"dtype", options.dtype ? name_of(*options.dtype) : ""},
              {"device", name_of_device(options.device)},
              {"images", describe_images(options.image)},
              {"series", job.model.series},
              {"frames", job.frames ? to_string(*job.frames) : ""}}
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

KeptWork::KeptWork(const fs::path& output, const std::string& job, bool restart)
    : journal_(output, job, restart, [](std::string_view) { return false; }), left_to_skip_(journal_.lines()) {}

embedder::NextItem KeptWork::rest_of(embedder::NextItem items) {
  return [this, items = std::move(items)]() mutable -> std::optional<embedder::Item> {
    for (; left_to_skip_ > 0; --left_to_skip_) {
      if (!items()) return std::nullopt;
    }
    return items();
  };
}

void KeptWork::append(std::span<const embedder::Embedded> batch) {
  std::string lines;
  for (const embedder::Embedded& item : batch) lines += line_of(item);
  journal_.append(lines);
  appended_ += batch.size();
}

void KeptWork::replay(std::uint64_t count, const std::function<void(const embedder::Embedded&)>& on_item) const {
  base::RecordReader reader(journal_.part(), base::RecordRule::kLine, kMaxLineBytes);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::optional<KeptItem> item = read_item(reader.next());
    if (!item) {
      throw Error(Code::kBadFile,
                  fmt::format("{}: line {} is damaged; --restart starts over", journal_.part().string(), i + 1));
    }
    on_item(view_of(*item));
  }
}

std::unique_ptr<KeptWork> keep_work(const std::string& output, const InputArguments& arguments, const KeptJob& job) {
  const bool read_once = std::ranges::any_of(job.inputs, [](const auto& input) { return input.path == "-"; });
  const std::size_t count = job.inputs.size() + job.texts.size();
  if (is_file_output(output) && !read_once && (count > 1 || job.frames)) {
    return std::make_unique<KeptWork>(output, description_of(job), arguments.restart);
  }
  if (arguments.resume && !is_file_output(output)) {
    throw Error(Code::kBadArgument, "--resume: expected --out FILE, which keeps the work of a run that is killed");
  }
  if (arguments.resume && read_once) {
    throw Error(Code::kBadArgument, "--resume: standard input cannot be read again; expected paths");
  }
  return nullptr;
}

}  // namespace mi2::cli
