#pragma once
// The public C++ API of mi2: images and texts to vectors, and classification without training.
// Link mi2::mi2. Everything throws mi2::Error and nothing else on purpose.

#include <mi2/classifier.hpp>
#include <mi2/device.hpp>
#include <mi2/dtype.hpp>
#include <mi2/embedder.hpp>
#include <mi2/encoded_image.hpp>
#include <mi2/error.hpp>
#include <mi2/frames.hpp>
#include <mi2/image.hpp>
#include <mi2/matrix.hpp>
#include <mi2/provenance.hpp>
#include <mi2/slide.hpp>
#include <mi2/tokenize.hpp>
#include <mi2/version.hpp>
