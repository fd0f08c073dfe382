#pragma once
// The curve by which UMAP makes a likeness of a distance on the map.

namespace mi2::archive::layout {

/// 1 / (1 + a d^(2b)).
struct Curve {
  double a = 1;
  double b = 1;
};

/// The curve nearest, by least squares at 300 distances from 0 to 3, to one that is 1 up to `min_dist` and falls off
/// exponentially after it.      Source: umap-learn, find_ab_params, with a spread of 1.
/// @param min_dist  from 0 to below 1.
Curve fit_curve(double min_dist);

}  // namespace mi2::archive::layout
