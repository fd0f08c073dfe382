#include "dicomweb/spool.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/files.hpp"
#include "dicom/describe.hpp"
#include "dicom/dicom.hpp"
#include "dicomweb/qido.hpp"

namespace mi2::dicomweb {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path, std::string_view what, const std::string& reason) {
  throw SpoolFails(Code::kBadFile, fmt::format("{}: {}: {}", path.string(), what, reason));
}

/// Only its owner may look into it: objects have names in them.
void make_folder(const fs::path& path) {
  std::error_code error;
  fs::create_directory(path, error);
  if (!error) fs::permissions(path, fs::perms::owner_all, error);
  if (error) fail(path, "the folder cannot be made", error.message());
}

fs::path spool_of(const fs::path& archive) {
  fs::path folder = archive / "spool";
  make_folder(folder);
  base::remove_dead_in(folder);
  return folder / "fetched";
}

}  // namespace

LoadFolder::LoadFolder(fs::path path) : path_(std::move(path)) { make_folder(path_); }

LoadFolder::~LoadFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void Load::refuse(const std::string& locator, const Error& error) {
  const std::string what = error.what();
  const std::string message = what.starts_with(locator) ? what : fmt::format("{}: {}", locator, what);
  paths.inputs.push_back({locator, Error(error.code(), message)});
}

Spool::Spool(const fs::path& archive) : root_(spool_of(archive), base::Partial::Kind::kFolder) {}

Load Spool::begin() {
  Load load;
  load.folder = std::make_shared<LoadFolder>(root_.path() / std::to_string(loads_++));
  return load;
}

ObjectParts::ObjectParts(Load& load, const SpoolLimits& limits, Wanted wanted, LocatorOf locator_of, std::string name)
    : load_(load),
      limits_(limits),
      wanted_(std::move(wanted)),
      locator_of_(std::move(locator_of)),
      name_(std::move(name)) {}

ObjectParts::~ObjectParts() { close(); }

void ObjectParts::close() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

void ObjectParts::begin() {
  close();
  file_ = load_.folder->next_file();
  descriptor_ = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor_ < 0) fail(file_, "cannot be written", std::strerror(errno));
  size_ = 0;
}

void ObjectParts::data(std::string_view piece) {
  load_.bytes += piece.size();
  if (load_.bytes > limits_.load) {
    throw LoadIsFull(Code::kTooLarge,
                     fmt::format("more than {} bytes at once (--max-spool); the next run goes on", limits_.load));
  }
  size_ += piece.size();
  if (size_ > limits_.object) {
    const Error error(Code::kTooLarge, fmt::format("the object holds more than {} bytes, the limit", limits_.object));
    // Of one object nothing else comes: the rest need not be waited for.
    if (!wanted_.object.empty()) throw Error(error);
    if (!bad_) bad_ = error;
    return;
  }
  if (!base::write_all(descriptor_, piece)) fail(file_, "cannot be written", std::strerror(errno));
}

void ObjectParts::end() {
  close();
  if (size_ > limits_.object) return;
  try {
    judge();
  } catch (const Error& error) {
    if (error.code() == Code::kInternal) throw;
    if (!bad_) bad_ = error;
  }
}

void ObjectParts::judge() {
  const base::MappedFile file(file_);
  const std::span<const std::byte> bytes = file.bytes();
  if (!dicom::looks_like_dicom(bytes)) throw Error(Code::kBadFile, "a part is no DICOM object");
  const dicom::Description said = dicom::describe(bytes, name_);
  const Uids uids{said.study, said.series, said.sop_instance};
  const auto require = [](const std::string& asked, const std::string& found, std::string_view what) {
    if (!asked.empty() && asked != found)
      throw Error(Code::kBadFile, fmt::format("an object of another {} came", what));
    if (!is_uid(found)) throw Error(Code::kBadFile, fmt::format("an object without a usable UID of its {} came", what));
  };
  require(wanted_.study, uids.study, "study");
  require(wanted_.series, uids.series, "series");
  require(wanted_.object, uids.object, "instance");
  if (!came_.insert(uids.object).second) return;
  const std::string path = file_.string();
  embedder::Input input{locator_of_(uids), std::nullopt,
                        [path](std::uint64_t max_bytes) { return base::read_file(path, max_bytes); }, path};
  embedder::FoundFiles(load_.paths)
      .add(std::move(input), bytes.subspan(0, std::min(bytes.size(), embedder::kSniffBytes)),
           [&] { return dicom::kind_of(bytes, true); });
}

}  // namespace mi2::dicomweb
