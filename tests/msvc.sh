#!/bin/sh
# msvc.sh [CLANG]: what Microsoft's compiler would see of the header, compiled and not linked. Its own
# headers are not free to pass on, so the few functions that the implementation calls are declared
# here as they are documented there. clang plays the compiler: no __GNUC__, _MSC_VER 1933, and in the
# second round no __clang__ either, so that each #if goes where cl.exe would go (warnings of clang's
# about pragmas that are not its own are off then). What only cl.exe itself could say is not proved.
#
#     sh tests/msvc.sh [clang]           from the project's top folder
clang=${1:-clang}
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
for h in errno intrin io malloc math stdio stdlib string time wchar windows; do
    echo '#include "microsoft.h"' >"$dir/$h.h"
done
cat >"$dir/microsoft.h" <<'END'
#pragma once
#include <stddef.h>
#include <stdint.h>
/* math.h */
float expf(float), logf(float), sqrtf(float), powf(float, float), fabsf(float), floorf(float);
float sinf(float), cosf(float), tanhf(float), log1pf(float), expm1f(float), erff(float), ldexpf(float, int);
float copysignf(float, float), fmaxf(float, float), fminf(float, float), fmaf(float, float, float);
float roundf(float), ceilf(float), nearbyintf(float), rintf(float);
double exp(double), log(double), sqrt(double), pow(double, double), fabs(double), floor(double);
double sin(double), cos(double), tanh(double), log1p(double), expm1(double), erf(double), erfc(double);
double ceil(double), round(double), rint(double), nearbyint(double), ldexp(double, int), frexp(double, int *);
double fmod(double, double), copysign(double, double), fmax(double, double), fmin(double, double);
double trunc(double), modf(double, double *), lgamma(double), log2(double), log10(double), fma(double, double, double);
double acos(double), asin(double), atan2(double, double);
#define HUGE_VAL (__builtin_huge_val())
#define INFINITY (__builtin_inff())
#define NAN (__builtin_nanf(""))
#define isnan(x) ((x) != (x))
#define isfinite(x) ((x) - (x) == 0)
#define isinf(x) (!isnan(x) && !isfinite(x))
#define signbit(x) (copysign(1.0, (double)(x)) < 0)
/* string.h, wchar.h, stdlib.h */
void *memcpy(void *, const void *, size_t), *memmove(void *, const void *, size_t), *memset(void *, int, size_t);
int memcmp(const void *, const void *, size_t), strcmp(const char *, const char *);
int strncmp(const char *, const char *, size_t);
size_t strlen(const char *), strcspn(const char *, const char *), strspn(const char *, const char *);
char *strchr(const char *, int), *strrchr(const char *, int), *strstr(const char *, const char *);
void *memchr(const void *, int, size_t);
wchar_t *wcscat(wchar_t *, const wchar_t *);
void *malloc(size_t), *calloc(size_t, size_t), *realloc(void *, size_t), free(void *);
/* stdio.h, io.h, errno.h, time.h */
typedef struct _iobuf FILE;
#define SEEK_SET 0
size_t fread(void *, size_t, size_t, FILE *), fwrite(const void *, size_t, size_t, FILE *);
int ferror(FILE *), fflush(FILE *), fclose(FILE *), _fileno(FILE *), _commit(int);
int _fseeki64(FILE *, long long, int);
FILE *_wfopen(const wchar_t *, const wchar_t *), *__acrt_iob_func(unsigned);
#define stdin (__acrt_iob_func(0))
int *_errno(void);
#define errno (*_errno())
enum { EPERM = 1, ENOENT = 2, EACCES = 13, EEXIST = 17, ENOTDIR = 20, EISDIR = 21, ENOSPC = 28, EROFS = 30,
       ENAMETOOLONG = 38, ENOTEMPTY = 41 };
#define EFBIG 27
typedef long clock_t;
typedef long long time_t;
struct tm { int tm_sec, tm_min, tm_hour, tm_mday, tm_mon, tm_year, tm_wday, tm_yday, tm_isdst; };
#define CLOCKS_PER_SEC ((clock_t)1000)
clock_t clock(void);
time_t time(time_t *);
/* intrin.h */
void __cpuidex(int[4], int, int);
unsigned long long _xgetbv(unsigned);
/* windows.h */
#define WINAPI
#define near
#define far
#define small char
typedef unsigned long DWORD;
typedef int BOOL;
typedef void *HANDLE, *LPVOID;
typedef long long LONG64;
typedef long LONG;
typedef struct { DWORD dwLowDateTime, dwHighDateTime; } FILETIME;
typedef struct {
    DWORD dwFileAttributes;
    FILETIME ftCreationTime, ftLastAccessTime, ftLastWriteTime;
    DWORD nFileSizeHigh, nFileSizeLow;
} WIN32_FILE_ATTRIBUTE_DATA;
typedef struct { DWORD dwFileAttributes; wchar_t cFileName[260]; } WIN32_FIND_DATAW;
typedef struct { DWORD dwPageSize, dwNumberOfProcessors; } SYSTEM_INFO;
typedef union { LONG64 QuadPart; } LARGE_INTEGER;
typedef struct { void *p[5]; } CRITICAL_SECTION;
typedef struct { void *p; } CONDITION_VARIABLE;
typedef DWORD (WINAPI *LPTHREAD_START_ROUTINE)(LPVOID);
enum { GetFileExInfoStandard };
#define CP_UTF8 65001
#define INVALID_HANDLE_VALUE ((HANDLE)(LONG64)-1)
#define INFINITE 0xFFFFFFFF
#define FILE_ATTRIBUTE_DIRECTORY 0x10
#define MOVEFILE_REPLACE_EXISTING 1
#define MOVEFILE_WRITE_THROUGH 8
enum { ERROR_FILE_NOT_FOUND = 2, ERROR_PATH_NOT_FOUND = 3, ERROR_ACCESS_DENIED = 5, ERROR_SHARING_VIOLATION = 32,
       ERROR_HANDLE_DISK_FULL = 39, ERROR_FILE_EXISTS = 80, ERROR_DISK_FULL = 112, ERROR_INVALID_NAME = 123,
       ERROR_DIR_NOT_EMPTY = 145, ERROR_BAD_PATHNAME = 161, ERROR_ALREADY_EXISTS = 183 };
DWORD GetLastError(void), WaitForSingleObject(HANDLE, DWORD);
BOOL GetFileAttributesExW(const wchar_t *, int, LPVOID), CloseHandle(HANDLE), FindClose(HANDLE);
BOOL MoveFileExW(const wchar_t *, const wchar_t *, DWORD), DeleteFileW(const wchar_t *);
BOOL RemoveDirectoryW(const wchar_t *), CreateDirectoryW(const wchar_t *, LPVOID);
HANDLE FindFirstFileW(const wchar_t *, WIN32_FIND_DATAW *);
BOOL FindNextFileW(HANDLE, WIN32_FIND_DATAW *);
int MultiByteToWideChar(unsigned, DWORD, const char *, int, wchar_t *, int);
int WideCharToMultiByte(unsigned, DWORD, const wchar_t *, int, char *, int, const char *, BOOL *);
void InitializeCriticalSection(CRITICAL_SECTION *), DeleteCriticalSection(CRITICAL_SECTION *);
void EnterCriticalSection(CRITICAL_SECTION *), LeaveCriticalSection(CRITICAL_SECTION *);
void InitializeConditionVariable(CONDITION_VARIABLE *), WakeAllConditionVariable(CONDITION_VARIABLE *);
BOOL SleepConditionVariableCS(CONDITION_VARIABLE *, CRITICAL_SECTION *, DWORD);
HANDLE CreateThread(LPVOID, size_t, LPTHREAD_START_ROUTINE, LPVOID, DWORD, DWORD *);
void GetSystemInfo(SYSTEM_INFO *), YieldProcessor(void);
BOOL QueryPerformanceCounter(LARGE_INTEGER *), QueryPerformanceFrequency(LARGE_INTEGER *);
LONG64 InterlockedExchangeAdd64(volatile LONG64 *, LONG64), InterlockedExchange64(volatile LONG64 *, LONG64);
LONG64 InterlockedCompareExchange64(volatile LONG64 *, LONG64, LONG64);
void *InterlockedCompareExchangePointer(void *volatile *, void *, void *);
END
passed=0 failed=0
# try NAME FLAG...
try() {
    name=$1
    shift
    if "$clang" -fms-compatibility -fms-extensions -fms-compatibility-version=19.33 -std=c11 -O0 -isystem "$dir" -I. \
        -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wno-pragma-pack -Werror "$@" \
        -DSENTRAIN_IMPLEMENTATION -x c -c sentrain.h -o "$dir/sentrain.obj"; then passed=$((passed + 1))
    else failed=$((failed + 1)); echo "msvc: FAILED $name"
    fi
}
avx2='-mavx2 -mfma'
avx512='-mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx2 -mfma'
for machine in x86_64 i686; do
    sse=
    test $machine = i686 && sse='-msse2 -mfpmath=sse'                  # what cl.exe takes for granted
    for target in "" "$avx2" "$avx512" -DSENTRAIN_SCALAR -DSENTRAIN_NO_THREADS; do
        case $machine$target in i686?*) continue ;; esac
        try "$machine $target, clang-cl" --target=$machine-pc-windows-msvc $sse $target
        try "$machine $target, cl" --target=$machine-pc-windows-msvc $sse $target -U__clang__ -Wno-unknown-pragmas \
            -Wno-unused-function -Wno-ignored-pragmas
    done
done
try 'aarch64, clang-cl' --target=aarch64-pc-windows-msvc
echo "$passed passed, $failed failed"
test "$failed" = 0
