#pragma once
// Through which windows the images of CT go into an archive, where there are several.

#include <string>
#include <string_view>
#include <vector>

#include <mi2/embedder.hpp>
#include <mi2/image.hpp>

#include "archive/format.hpp"

namespace mi2::archive {

/// A window of a file's own, among others.
inline constexpr std::string_view kOwnWindow = "file";

/// "auto" or "file" for the file's own window alone; or some of lung, soft, bone, brain and file, each once, with
/// commas between. In the order in which they are given. @throws Error{kBadArgument}.
std::vector<std::string> parse_windows(std::string_view text);

/// Whether a row may have been seen through a window of this name. @returns false for an empty one.
bool is_window(std::string_view name) noexcept;

/// Those of a space that has several; empty: it has one for all, as Space::windows says.
std::vector<std::string> several_windows(const Space& space);

/// The one of several that an image which is asked for is seen through where nobody says: the file's own, if it is
/// among them, else the first.
const std::string& usual_window(const std::vector<std::string>& windows);

/// How an image that is asked for is prepared: of several windows through the usual one, if the options have none.
ImageOptions asking_options(const Space& space, const ImageOptions& options);

/// How an image is prepared that is seen through one of several. @param window  its name; empty: of what takes none.
ImageOptions through(const ImageOptions& options, std::string_view window);

/// Whether images that an embedder prepares may be added. @param windows  that somebody chose, as Space::windows;
/// empty: nobody did, and several of the archive are taken as they are unless the embedder has one.
/// @throws as require_same().
void require_adding(const Space& archive, const Embedder& embedder, std::string_view windows, std::string_view name);

/// Whether images that are seen so may be added, as require_adding() says it of a model that was opened so.
/// @throws Error{kBadArgument} if their windows are not the archive's.
void require_windows(const Space& archive, const ImageOptions& image, std::string_view windows, std::string_view name);

/// Whether vectors that do not say through which window they were made may be added.
/// @throws Error{kUnsupported} if the archive has several.
void require_one_window(const Space& archive, std::string_view name);

/// Whether what an embedder makes of texts and, if there are any, of images may be searched for.
/// @throws as require_same(): of several windows the images' has to be one.
void require_asking(const Space& archive, const Embedder& embedder, bool images, std::string_view name);

/// How an image is prepared that is asked for through a window that somebody names. @param usual  options_of().
/// @param window  "file", or as parse_window() takes it.
/// @throws Error{kBadArgument} for what is none, and as require_asking().
ImageOptions asking_through(const Space& archive, const ImageOptions& usual, std::string_view window,
                            std::string_view name);

}  // namespace mi2::archive
