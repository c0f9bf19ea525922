// Stands in for a library that Windows has since version 10, and Wine 8 has not: Rust's standard
// library takes its randomness from there. For tests only.

#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID bytes, ULONG count);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T count) {
  return SystemFunction036(bytes, (ULONG)count);
}
