#ifndef MI2_H
#define MI2_H
/* The C API of mi2 (C99): images and texts to vectors, and classification without training. docs/c.md
 *
 * Every function that can fail returns a status and leaves a message for mi2_last_error(). After a failure, what the
 * caller's buffers hold is not specified, and a handle that should have been made is NULL. No function throws, prints or
 * ends the process. Strings are UTF-8 with a terminating zero; paths are as the operating system has them.
 *
 * One embedder may be used from several threads at once; its forward passes take turns. */

#include <stddef.h>
#include <stdint.h>

#include <mi2/export.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum mi2_status {
  MI2_OK = 0,
  MI2_BAD_ARGUMENT = 1, /* the caller asked for something that makes no sense */
  MI2_BAD_FILE = 2,     /* a file or bytes do not hold what they should: truncated, corrupt, tensor missing */
  MI2_UNSUPPORTED = 3,  /* well-formed, but of a kind mi2 does not read */
  MI2_TOO_LARGE = 4,    /* over a limit on bytes or pixels, or more than memory holds */
  MI2_OVERLOADED = 5,   /* try again later */
  MI2_NOT_FOUND = 6,    /* no such file */
  MI2_INTERNAL = 7      /* a defect of mi2 or a failing machine */
} mi2_status;

/* "ok", "bad_file", ...: stable, for machines. "unknown" for a number that is no status. */
MI2_EXPORT const char* mi2_status_name(mi2_status status);

/* What the last failed call of this thread found and expected; "" if none failed. Valid until the thread's next call of a
 * function that returns a status. */
MI2_EXPORT const char* mi2_last_error(void);

/* "0.1.0" */
MI2_EXPORT const char* mi2_version(void);

/* One model in memory. */
typedef struct mi2_embedder mi2_embedder;

/* How to open a model. Set `size` to sizeof(mi2_options) and the rest to zero, and what is zero has its default:
 *   mi2_options options = {.size = sizeof options, .dtype = "bf16"}; */
typedef struct mi2_options {
  size_t size;
  const char* dtype;       /* "f32", "bf16", "int8", "bf16x3", "auto"; NULL: what a packed file holds, else "f32" */
  const char* device;      /* "cpu", "cuda", "cuda:1", "torch", or "auto": the first GPU if there is one and it can serve the
                              model, else "cpu"; NULL: "cpu" */
  unsigned threads;        /* 0: one per available core */
  const char* profile;     /* "raw", "azure", "toolkit" or "mcp": what is done to an image before the model's own resize; NULL: "raw" */
  int azure_size;          /* pixels, for "azure"; 0: 512 */
  int azure_quality;       /* JPEG quality 1..100, for "azure"; 0: 75 */
  const char* intensity;   /* grey to 8 bits: "auto", "percentile:LOW,HIGH", "minmax", "window:C,W";
                              NULL: "auto" */
  const char* window;      /* "CENTER,WIDTH" for DICOM and volumes; of CT also "lung", "soft", "bone", "brain"; NULL: the
                              file's own */
  uint64_t max_pixels;     /* of one image, checked before decoding; 0: 200 million */
  uint64_t max_file_bytes; /* of one input file; 0: 1 GiB */
  const char* frames;      /* of multi-frame DICOM, volumes and TIFF, the frame that an image is read as: "middle", "first" or a
                              number from 1; NULL: "middle". A selection of several is refused where an image has them:
                              mi2_frames_open() */
  const char* plane;       /* in which a volume is cut into slices, its frames: "axial", "coronal", "sagittal"; NULL: "axial", or
                              the plane of the only slice */
  int strict;              /* 1: an image that would be read with a warning is MI2_BAD_FILE */
  const char* lora;        /* a LoRA file of mi2 train, for the model whose folder it was trained beside; NULL: none */
} mi2_options;

/* Loads a model folder, or maps a file that `mi2 pack` wrote.
 * options: may be NULL for the defaults.
 * Errors: MI2_NOT_FOUND, MI2_BAD_FILE naming the tensor or key at fault, MI2_BAD_ARGUMENT for an option,
 * MI2_UNSUPPORTED for a device that is not there, and whether a GPU or a library is missing. */
MI2_EXPORT mi2_status mi2_open(const char* model, const mi2_options* options, mi2_embedder** embedder);
/* May be NULL. Classifiers made from the embedder stay valid. */
MI2_EXPORT void mi2_close(mi2_embedder* embedder);

/* The length of a vector; 0 for NULL. */
MI2_EXPORT size_t mi2_dimensions(const mi2_embedder* embedder);
/* What the model is computed on, "cpu" or "cuda:0": what "auto" became. Valid until mi2_close(); "" for NULL. */
MI2_EXPORT const char* mi2_device(const mi2_embedder* embedder);
/* The logarithm: the similarity of two vectors is exp(mi2_logit_scale()) * a . b. 0 for NULL. */
MI2_EXPORT float mi2_logit_scale(const mi2_embedder* embedder);

/* The functions below write `count` unit vectors, one per input and in order, to `vectors`: [count, mi2_dimensions()]
 * floats, row by row. `capacity` is how many floats `vectors` has room for; too few are MI2_BAD_ARGUMENT. All inputs of a
 * call are in memory at once and run as one batch; a vector is the same, bit for bit, in a batch of any size. The first
 * input that fails ends the call, and the message names it. */

/* Images in files: PNG, JPEG, JPEG 2000, WebP, TIFF, GIF, BMP, DICOM and volumes.
 * Errors: MI2_NOT_FOUND, MI2_BAD_FILE, MI2_UNSUPPORTED, MI2_TOO_LARGE. */
MI2_EXPORT mi2_status mi2_embed_files(const mi2_embedder* embedder, const char* const* paths, size_t count,
                                      float* vectors, size_t capacity);

/* What such a file holds. */
typedef struct mi2_bytes {
  const void* data;
  size_t size;
} mi2_bytes;

/* Images in memory, as their files hold them. Messages call them "image 1", "image 2", ...
 * Errors: MI2_BAD_FILE, MI2_UNSUPPORTED, MI2_TOO_LARGE. */
MI2_EXPORT mi2_status mi2_embed_encoded(const mi2_embedder* embedder, const mi2_bytes* images, size_t count,
                                        float* vectors, size_t capacity);

/* Selected frames of one image in a file's form: of multi-frame DICOM, or the pages of a TIFF. Holds the file's bytes and
 * no decoded frame. Several threads may embed frames of it at once. */
typedef struct mi2_frames mi2_frames;

/* Opens an image of which frames are to be embedded.
 * select: "middle", "all", "first", a number from 1, "every:K", "center:K"; NULL: "all".
 * Errors: MI2_BAD_ARGUMENT for the selection or a number past the last frame; MI2_BAD_FILE, MI2_UNSUPPORTED,
 * MI2_TOO_LARGE; of a file also MI2_NOT_FOUND. */
MI2_EXPORT mi2_status mi2_frames_open(const mi2_embedder* embedder, const mi2_bytes* image, const char* select,
                                      mi2_frames** frames);
MI2_EXPORT mi2_status mi2_frames_open_file(const mi2_embedder* embedder, const char* path, const char* select,
                                           mi2_frames** frames);
/* May be NULL. */
MI2_EXPORT void mi2_frames_close(mi2_frames* frames);

/* How many frames are selected; 0 for NULL. */
MI2_EXPORT uint64_t mi2_frames_count(const mi2_frames* frames);

/* The selected frames `first`, `first` + 1, .., counted from 0.
 * embedder: the one that opened `frames`, or one whose model takes images of the same size.
 * numbers: [count], receives the number that each has in the image, from 1; may be NULL.
 * Errors: MI2_BAD_ARGUMENT for frames past the selected ones; MI2_BAD_FILE, MI2_UNSUPPORTED, MI2_TOO_LARGE. */
MI2_EXPORT mi2_status mi2_embed_frames(const mi2_embedder* embedder, const mi2_frames* frames, uint64_t first,
                                       size_t count, float* vectors, size_t capacity, uint64_t* numbers);

/* How a whole slide is cut into tiles, which are its frames; docs/slides.md. Set `size` to sizeof(mi2_slide_options)
 * and the rest to zero, and what is zero has its default. */
typedef struct mi2_slide_options {
  size_t size;
  const char* level;  /* tiles of the model's size in pixels of this level, "0" the finest; NULL: by `mpp` */
  const char* mpp;    /* tiles of the model's size at this many um per pixel; NULL without a level: "0.5" */
  const char* tiles;  /* "tissue" or "all"; NULL: "tissue" */
  const char* select; /* which of those, as mi2_frames_open() has it; NULL: "all" */
} mi2_slide_options;

/* Opens a whole slide, whose tiles mi2_embed_frames() then embeds: one file, or the DICOM objects of its levels. The files
 * stay on disk, are mapped, and are not bounded by max_file_bytes.
 * paths: [count], at least one.
 * options: may be NULL for the defaults.
 * Errors: MI2_BAD_ARGUMENT for an option, a level or a resolution that the slide does not have; MI2_UNSUPPORTED for what is
 * no slide, or has no tile with tissue; MI2_NOT_FOUND, MI2_BAD_FILE, MI2_TOO_LARGE. */
MI2_EXPORT mi2_status mi2_slide_open(const mi2_embedder* embedder, const char* const* paths, size_t count,
                                     const mi2_slide_options* options, mi2_frames** frames);

/* Where a tile of a slide lies, in pixels of the finest level. */
typedef struct mi2_tile {
  uint64_t x;
  uint64_t y;
  uint64_t width;
  uint64_t height;
  uint64_t level; /* that it is read from; 0: the finest */
  double mpp;     /* um between the pixels that the model sees, along x; 0: the slide does not say */
} mi2_tile;

/* Of the selected tiles `first`, `first` + 1, .., counted from 0.
 * tiles: [count], receives where each lies.
 * Errors: MI2_BAD_ARGUMENT for tiles past the selected ones, or if `frames` are not of mi2_slide_open(). */
MI2_EXPORT mi2_status mi2_tiles(const mi2_frames* frames, uint64_t first, size_t count, mi2_tile* tiles);

/* A decoded image. */
typedef struct mi2_image {
  /* Pillow's name of what the samples are, in the machine's byte order. Bytes: "1" (0 or not), "L", "LA", "P" (indices
   * into `palette`), "RGB", "RGBA", "CMYK". Grey that `intensity` brings to 8 bits: "I;16" uint16_t, "I" int32_t,
   * "F" float. */
  const char* mode;
  uint64_t width;         /* pixels */
  uint64_t height;        /* pixels */
  const void* samples;    /* [height, width, channels], row by row, without padding */
  size_t size;            /* bytes of `samples` */
  const uint8_t* palette; /* RGB triples, for "P", else NULL */
  size_t palette_size;    /* bytes of `palette`: at most 768 */
} mi2_image;

/* Decoded images: the vectors that lossless files of the same samples would have.
 * Errors: MI2_BAD_ARGUMENT for samples of another length than width, height and mode say; MI2_UNSUPPORTED for a mode that
 * is not listed; MI2_TOO_LARGE. */
MI2_EXPORT mi2_status mi2_embed_pixels(const mi2_embedder* embedder, const mi2_image* images, size_t count,
                                       float* vectors, size_t capacity);

/* Texts.
 * truncated: [count], receives 1 for a text longer than the model's context, else 0; may be NULL.
 * Errors: MI2_BAD_ARGUMENT for a text that is not UTF-8. */
MI2_EXPORT mi2_status mi2_embed_texts(const mi2_embedder* embedder, const char* const* texts, size_t count,
                                      float* vectors, size_t capacity, uint8_t* truncated);

/* Zero-shot classification: labels are texts, the nearest wins. */
typedef struct mi2_classifier mi2_classifier;

/* labels: [count], none twice.
 * templates: [template_count], each holds "{}", where the label goes; a label's vectors are averaged. NULL and 0: "{}".
 * multilabel: 0 for softmax over the labels, else each label's own sigmoid.
 * Errors: MI2_BAD_ARGUMENT. */
MI2_EXPORT mi2_status mi2_classifier_open(const mi2_embedder* embedder, const char* const* labels, size_t count,
                                          const char* const* templates, size_t template_count, int multilabel,
                                          mi2_classifier** classifier);
/* May be NULL. */
MI2_EXPORT void mi2_classifier_close(mi2_classifier* classifier);

/* The scores of one image, 0 to 1.
 * vector: [dimensions], of an image.
 * scores: [count] of mi2_classifier_open(), in the order of its labels.
 * Errors: MI2_BAD_ARGUMENT for a vector of another length than the labels'. */
MI2_EXPORT mi2_status mi2_classify(const mi2_classifier* classifier, const float* vector, size_t dimensions,
                                   double* scores);

#ifdef __cplusplus
}
#endif

#endif
