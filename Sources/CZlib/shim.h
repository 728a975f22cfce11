// zlib as Swift sees it.
#include <zlib.h>

// deflateInit2 is a macro. Fifteen bits of window, and sixteen more for a gzip header and trailer around it.
static inline int doorbell_gzip_begin(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}
