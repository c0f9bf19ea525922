#ifndef GESTAN_COMPTE_H
#define GESTAN_COMPTE_H

// Written by cbindgen from client/ffi/src: change it there.

// In 32 bits, Windows has two ways to call a function, and this library has that of Windows' own.
#if defined(_WIN32) && !defined(_WIN64)
#if defined(__GNUC__)
#define GESTAN_API __attribute__((stdcall))
#else
#error "with another compiler than GCC, declare these functions as __stdcall yourself"
#endif
#else
#define GESTAN_API
#endif

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// Says which service to call, and how. It opens no connection: the first call does. It can be
// called again, and then counts for the calls that begin after it; with the same options it
// changes nothing, and when it fails, neither.
//
// `options_json` is a JSON object in ASCII that ends with a zero byte. The answer is to be given to
// `gestan_free`: `{"ok":{"link_token_stored":true}}`, or `{"error":{…}}`. It is `NULL` only when
// memory for it is wanting.
//
// # Safety
//
// `options_json` is `NULL`, or points to bytes that end with a zero byte, and that nobody changes
// during the call.
GESTAN_API char *gestan_connect(const char *options_json);

// Makes a call, and waits for its answer, at most until the deadline. Any number of threads may
// call concurrently.
//
// `rpc` is a name such as `Get`; `request_json` its request in protobuf's JSON; `link_token` the
// token to prove the machine by, or `NULL` or an empty text for the one that the library keeps. The
// answer is to be given to `gestan_free`: `{"ok":{…}}`, the response in protobuf's JSON under the
// names of the proto files, or `{"error":{…}}`. It is `NULL` only when memory for it is wanting.
//
// # Safety
//
// Each argument is `NULL`, or points to bytes that end with a zero byte, and that nobody changes
// during the call.
GESTAN_API char *gestan_call(const char *rpc, const char *request_json, const char *link_token);

// Gives an answer back, whose memory is the library's. `NULL` is taken, and nothing is done.
//
// # Safety
//
// `answer` is `NULL`, or what `gestan_connect` or `gestan_call` gave, and is given back once.
GESTAN_API void gestan_free(char *answer);

// The version of this interface: a program that was written for another one is not to call it.
GESTAN_API int gestan_version(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* GESTAN_COMPTE_H */
