"""An event loop calls in threads; some of those who wait are cancelled, and the next calls are right."""

import asyncio
import contextlib
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from hosts import Host
from provlabel import SandboxPool


async def serve() -> None:
    with Host(sys.argv[1]) as host, SandboxPool(2) as pool:
        await calls(host, pool)
        await asyncio.get_running_loop().shutdown_default_executor()  # those that nobody waits for end too


async def calls(host: Host, pool: SandboxPool) -> None:
    loop = asyncio.get_running_loop()
    await asyncio.gather(*(asyncio.to_thread(host.one, number) for number in range(6)))
    for after in (0.0, 0.001, 0.005, 0.01):
        cancelled = [asyncio.create_task(asyncio.to_thread(not_counted, host)) for _ in range(2)]
        await asyncio.sleep(after)
        for task in cancelled:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await asyncio.to_thread(host.one, 200)
    with ThreadPoolExecutor(4) as threads:
        by_pool = [loop.run_in_executor(threads, partial(host.one, number, sandbox=pool)) for number in range(6)]
        await asyncio.gather(*by_pool)
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(asyncio.to_thread(not_counted, host), 0.001)
    await asyncio.to_thread(host.one, 301)


def not_counted(host: Host) -> None:
    """Call where nobody waits for it: it may not have begun, and has to be right if it has."""
    try:
        host.told["wrong"] += host.work.one(100)
    except Exception:
        host.told["wrong"].append(traceback.format_exc())


asyncio.run(serve())
