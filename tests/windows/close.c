/* SPDX-License-Identifier: Apache-2.0 */
/* close PID: tells the process and its parent what a console that is closed tells whoever has it. */
#include <config.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

#include <tlhelp32.h>

static DWORD parent_of(DWORD pid) {
  PROCESSENTRY32W entry = {.dwSize = sizeof entry};
  HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
  bool more = Process32FirstW(all, &entry);
  while (more && entry.th32ProcessID != pid) more = Process32NextW(all, &entry);
  CloseHandle(all);
  return more ? entry.th32ParentProcessID : 0;
}

/* By the function that Windows itself has a thread begin with, which lies at one address in all processes. */
static bool tell_one(DWORD pid) {
  FARPROC routine = GetProcAddress(GetModuleHandleW(L"kernel32.dll"), "CtrlRoutine");
  HANDLE process = OpenProcess(PROCESS_ALL_ACCESS, FALSE, pid);
  HANDLE thread = NULL;
  if (process && routine)
    thread = CreateRemoteThread(process, NULL, 0, (LPTHREAD_START_ROUTINE)(void (*)(void))routine,
                                (void *)(uintptr_t)CTRL_CLOSE_EVENT, 0, NULL);
  if (!thread) printf("process %lu was not told: %lu\n", (unsigned long)pid, (unsigned long)GetLastError());
  if (thread) CloseHandle(thread);
  if (process) CloseHandle(process);
  return thread != NULL;
}

int main(int argc, char **argv) {
  DWORD pid = argc == 2 ? (DWORD)strtoul(argv[1], NULL, 10) : 0, parent = pid ? parent_of(pid) : 0;
  return parent && tell_one(parent) && tell_one(pid) ? 0 : 1;
}
