// A host program of the library, which does as it is told: a test writes commands to its standard
// input, one a line, and reads what the library answers from its standard output, one a line.
//
// It knows nothing of the service, so that all that a test expects stands in the test. Arguments of
// a command are parted by tabulators, and go to the library as they are, whatever bytes they are;
// `<NULL>` is the pointer, and `<file:…>` what is in a file, for what is too long for a line.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#include <fcntl.h>
#include <io.h>
#include <windows.h>
#else
#include <dlfcn.h>
#include <pthread.h>
#endif

#include "gestan_compte.h"

static __typeof__(gestan_connect) *library_connect;
static __typeof__(gestan_call) *library_call;
static __typeof__(gestan_free) *library_free;
static __typeof__(gestan_version) *library_version;

#ifdef _WIN32
static HMODULE library;
static HMODULE find(const char *path) { return GetModuleHandleA(path); }
static void *function(const char *name) { return (void *)GetProcAddress(library, name); }
static HMODULE load(const char *path) { return LoadLibraryA(path); }
static int unload(void) { return FreeLibrary(library); }
#else
static void *library;
static void *find(const char *path) { return dlopen(path, RTLD_NOW | RTLD_NOLOAD); }
static void *function(const char *name) { return dlsym(library, name); }
static void *load(const char *path) { return dlopen(path, RTLD_NOW); }
static int unload(void) { return dlclose(library) == 0; }
#endif

static void fail(const char *what) {
  fprintf(stderr, "host: %s\n", what);
  exit(2);
}

static void open_library(const char *path) {
  library = load(path);
  if (library == NULL) fail("the library cannot be loaded");
  library_connect = (__typeof__(library_connect))function("gestan_connect");
  library_call = (__typeof__(library_call))function("gestan_call");
  library_free = (__typeof__(library_free))function("gestan_free");
  library_version = (__typeof__(library_version))function("gestan_version");
  if (!library_connect || !library_call || !library_free || !library_version)
    fail("the library lacks a function");
}

// The line that comes next, without its end; NULL at the end of all.
static char *read_line(void) {
  size_t length = 0, room = 1 << 16;
  char *line = malloc(room);
  for (;;) {
    int byte = getchar();
    if (byte == EOF && length == 0) return NULL;
    if (line == NULL) fail("no memory");
    if (byte == EOF || byte == '\n') break;
    line[length++] = (char)byte;
    if (length == room) line = realloc(line, room *= 2);
  }
  line[length] = '\0';
  return line;
}

static char *read_file(const char *name) {
  size_t length = 0, room = 1 << 16, got;
  char *text = malloc(room);
  FILE *file = fopen(name, "rb");
  if (file == NULL) fail("a file cannot be read");
  while (text != NULL && (got = fread(text + length, 1, room - length - 1, file)) > 0) {
    length += got;
    if (length + 1 == room) text = realloc(text, room *= 2);
  }
  if (text == NULL) fail("no memory");
  text[length] = '\0';
  fclose(file);
  return text;
}

// Cuts the next argument off; what it stands for.
static const char *argument(char **rest) {
  char *begin = *rest, *end;
  if (begin == NULL) fail("an argument is missing");
  end = strchr(begin, '\t');
  *rest = end == NULL ? NULL : end + 1;
  if (end != NULL) *end = '\0';
  if (strcmp(begin, "<NULL>") == 0) return NULL;
  if (strncmp(begin, "<file:", 6) == 0) {
    begin[strlen(begin) - 1] = '\0';
    return read_file(begin + 6);
  }
  return begin;
}

static void answer(char *text) {
  puts(text == NULL ? "<NULL>" : text);
  library_free(text);
}

// One of the threads of `threads`: makes a call over and over.
struct caller {
  const char *options, *rpc, *request;
  int times;
  char **answers;
};

static void run(struct caller *caller) {
  for (int time = 0; time < caller->times; time++) {
    if (caller->options != NULL) library_free(library_connect(caller->options));
    caller->answers[time] = library_call(caller->rpc, caller->request, NULL);
  }
}

#ifdef _WIN32
typedef HANDLE thread;
static DWORD WINAPI begin(void *caller) { run(caller); return 0; }
static thread start(struct caller *caller) { return CreateThread(NULL, 0, begin, caller, 0, NULL); }
static void join(thread one) { WaitForSingleObject(one, INFINITE); }
#else
typedef pthread_t thread;
static void *begin(void *caller) { run(caller); return NULL; }
static thread start(struct caller *caller) {
  thread one;
  if (pthread_create(&one, NULL, begin, caller) != 0) fail("no thread");
  return one;
}
static void join(thread one) { pthread_join(one, NULL); }
#endif

#define MOST 64

// Every second thread connects before each of its calls, if there are options to do so with.
static void run_threads(int count, int times, const char *options, const char *rpc,
                        const char *request) {
  static struct caller callers[MOST];
  static thread threads[MOST];
  if (count > MOST) fail("too many threads");
  for (int i = 0; i < count; i++) {
    char **answers = calloc((size_t)times, sizeof *answers);
    callers[i] = (struct caller){i % 2 ? options : NULL, rpc, request, times, answers};
    threads[i] = start(&callers[i]);
  }
  for (int i = 0; i < count; i++) join(threads[i]);
  for (int i = 0; i < count; i++)
    for (int time = 0; time < times; time++) answer(callers[i].answers[time]);
}

int main(int count, char **arguments) {
  char *line;
  if (count != 2) fail("which library?");
#ifdef _WIN32
  _setmode(_fileno(stdin), _O_BINARY);
  _setmode(_fileno(stdout), _O_BINARY);
#endif
  open_library(arguments[1]);
  while ((line = read_line()) != NULL) {
    char *rest = line;
    const char *command = argument(&rest);
    if (strcmp(command, "version") == 0) {
      printf("%d\n", library_version());
    } else if (strcmp(command, "connect") == 0) {
      answer(library_connect(argument(&rest)));
    } else if (strcmp(command, "call") == 0) {
      const char *rpc = argument(&rest), *request = argument(&rest), *token = argument(&rest);
      answer(library_call(rpc, request, token));
    } else if (strcmp(command, "threads") == 0) {
      int threads = atoi(argument(&rest)), times = atoi(argument(&rest));
      const char *options = argument(&rest), *rpc = argument(&rest);
      run_threads(threads, times, options, rpc, argument(&rest));
    } else if (strcmp(command, "free") == 0) {
      library_free(NULL);
      puts("freed");
    } else if (strcmp(command, "unload") == 0) {
      if (!unload()) fail("the library cannot be unloaded");
      puts(find(arguments[1]) == NULL ? "unloaded" : "pinned");
    } else if (strcmp(command, "load") == 0) {
      open_library(arguments[1]);
      puts("loaded");
    } else {
      fail("no such command");
    }
    fflush(stdout);
    free(line);
  }
  return 0;
}
