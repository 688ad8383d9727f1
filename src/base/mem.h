/* SPDX-License-Identifier: Apache-2.0 */
/* Memory: attributes, cleanup by scope, wiping. */
#ifndef DC_BASE_MEM_H
#define DC_BASE_MEM_H

#include <stddef.h>

#define DC_NODISCARD __attribute__((warn_unused_result))
#ifdef __MINGW_PRINTF_FORMAT
#define DC_PRINTF(fmt, args) __attribute__((format(__MINGW_PRINTF_FORMAT, fmt, args)))
#else
#define DC_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#endif
/* Runs FN(&variable) when the variable leaves its scope. */
#define DC_CLEANUP(fn) __attribute__((cleanup(fn)))
#define DC_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Overwrites N bytes at P in a way that no compiler removes. P may be NULL when N is 0. */
void dc_mem_wipe(void *p, size_t n);

/* For DC_CLEANUP on a plain heap pointer: char *name DC_CLEANUP(dc_mem_free) = NULL; */
void dc_mem_free(void *pointer_to_pointer);

/* For DC_CLEANUP on a heap string that is secret: wiped, then freed. */
void dc_mem_free_secret(void *pointer_to_string);

/* For DC_CLEANUP on a descriptor: closed when >= 0, errno kept. */
void dc_mem_close(const int *fd);

#endif
