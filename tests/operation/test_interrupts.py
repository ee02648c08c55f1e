"""Ctrl-C, however often: the process that takes it alone hears of it, whatever its main thread waits for."""

import os
import signal
import subprocess
import sys

PROGRAM = """
import signal, threading
from idp.running.attendant import take_interrupts_alone

told = threading.Event()
take_interrupts_alone()
signal.signal(signal.SIGTERM, lambda *_: told.set())
for _ in range(4):
    threading.Thread(target=threading.Event().wait, daemon=True).start()
print("ready", flush=True)
told.wait()
"""


def test_the_main_thread_hears_of_each_interrupt() -> None:
    for _ in range(20):
        command = [sys.executable, "-c", PROGRAM]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
            assert process.stdout is not None
            try:
                assert process.stdout.readline() == "ready\n"
                os.killpg(process.pid, signal.SIGINT)
                assert process.wait(5) == 0
            finally:
                process.kill()
