#pragma once
// Files on their way into an archive. Private to add.cpp and adding*.cpp.

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <mi2/embedder.hpp>
#include <mi2/error.hpp>

#include "archive/add.hpp"
#include "archive/archive.hpp"
#include "archive/catalog.hpp"
#include "archive/open_file.hpp"
#include "archive/stored_frames.hpp"
#include "archive/survey.hpp"
#include "embedder/inputs.hpp"
#include "embedder/pipeline.hpp"

namespace mi2::archive {

/// Adds what is surveyed at once. For one call of run().
class Adding {
 public:
  /// All outlive it.
  Adding(Writer& archive, const Embedder& embedder, const embedder::ExpandedPaths& paths, const Source& source,
         const AddOptions& options)
      : archive_(archive),
        embedder_(embedder),
        paths_(paths),
        source_(source),
        options_(options),
        slices_(to_string(options.survey.slices)) {}

  Added run();
  /// Of what has no pixels. @param survey  of the inputs.
  Added run(Survey survey);

  /// Files that only repeated an object which the archive has lost since, with the file that it was of, or never had.
  [[nodiscard]] const std::vector<embedder::Input>& left() const { return left_; }

 private:
  /// Of what was surveyed.
  Added finish();
  Catalog& catalog() { return archive_.catalog(); }
  const std::string& name_of(std::size_t file) const { return paths_.inputs[file].path; }
  /// How the slices of a file were chosen.
  const std::string& slices_of(std::size_t file) const;
  void say(std::size_t file, Outcome outcome) const {
    if (options_.on_outcome) options_.on_outcome(name_of(file), outcome);
  }
  void refuse(std::size_t file, const Error& error);
  /// What is known before anything is embedded.
  void begin();
  /// Of a file that needs no look.
  void note_known(const SurveyedFile& file);
  embedder::Prepared prepare(OpenFile& file, const PlannedFrame& planned, std::uint64_t item);
  embedder::NextItem items();
  void embed();
  /// In place of embed(), with vectors that are there already.
  void take_given(const embedder::PipelineOptions& pipeline);
  void take(const embedder::Embedded& item);
  /// Of a shared archive, under its lock: what others have added meanwhile is not added again.
  void yield_to_others(Unit& unit);
  /// @returns whether the object of a file is in the archive by now, which is noted.
  bool yields(SurveyedFile& file);
  /// Commits the units all of whose frames are there.
  void commit_ready();
  void commit(Unit& unit);
  void report(const PlannedFrame& planned, const Error& error);
  /// @param nothing  none of its frames was chosen now. @param whole  none of those chosen failed.
  void remember(std::size_t i, bool nothing, bool whole, std::map<std::size_t, Id>& instances,
                std::map<std::size_t, std::optional<Id>>& series_of);
  /// Files that only repeat what others have: now those are in the archive.
  void settle();
  /// Adds to left() what was passed over as known, and is known no more.
  void find_left();
  void settle(const SurveyedFile& file);

  Writer& archive_;
  const Embedder& embedder_;
  const embedder::ExpandedPaths& paths_;
  const Source& source_;
  const AddOptions& options_;
  std::string slices_;
  Survey survey_;
  bool pixels_ = true;
  Added added_;
  Id source_id_ = 0;
  Id space_ = 0;
  std::mutex hashes_;
  SeenFrames seen_;
  std::uint64_t taken_ = 0;  ///< items of which the vectors have come
  std::size_t unit_ = 0;     ///< of the next vector
  std::size_t done_ = 0;     ///< frames of it that have come
  std::vector<StoredFrame> stored_;
  std::vector<std::pair<PlannedFrame, Error>> failures_;
  std::vector<embedder::Input> left_;
  std::vector<std::pair<std::size_t, Outcome>> settled_;  ///< files that repeat what others have
};

}  // namespace mi2::archive
