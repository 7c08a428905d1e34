"""MCP servers over their lives: started, called, crashed, cancelled, swapped and ended. All of them are real processes."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.core.agent.mcp_places import EVERYTHING, Place, by_name, text, until

from kiro2chat_core.agent.mcp_servers import Servers, ServerState
from kiro2chat_core.errors import SettingsError
from kiro2chat_core.turns import Image


def state(servers: Servers, name: str) -> ServerState:
    return next(state for state in servers.states() if state.name == name)


async def test_nothing_starts_before_the_first_use(place: Place) -> None:
    async with place.servers({"shop": place.workshop()}) as servers:
        assert servers.states() == []
        await servers.read()
        assert [(state.name, state.state) for state in servers.states()] == [("shop", "off")]
        assert not place.left()


async def test_a_stdio_server_of_python(place: Place) -> None:
    async with place.servers(
        {"shop": place.workshop(autoApprove=["greet"], disabledTools=["crash", "Slow"])}
    ) as servers:
        tools = by_name(await servers.tools())
        greet = tools["greet"]
        assert (greet.source, greet.approval, tools["slow"].approval) == ("shop", "auto", "ask")
        assert greet.description == "Say hello."
        assert greet.schema["properties"]["name"]["type"] == "string"
        assert "shop" in greet.touches
        assert Path(sys.executable).name in greet.touches
        assert "crash" not in tools
        assert text(await greet.call({"name": "Ada"})) == "Hello Ada"
        wrong = await greet.call({"nom": "Ada"})
        assert wrong.is_error
        assert "name" in text(wrong)
        broken = await tools["broken"].call({})
        assert broken.is_error
        assert "broken" in text(broken)
        now = state(servers, "shop")
        assert (now.state, now.error, now.tools, now.transport) == ("ready", "", len(tools), "stdio")
        assert now.latency is not None
        assert now.notes == ("disabledTools names 'Slow', which it does not have.",)
    assert servers.states() == []


async def test_a_stdio_server_of_node(place: Place) -> None:
    entry = {"command": "node", "args": [EVERYTHING, "stdio"], "env": {"KIRO2CHAT_TEST": place.mark}}
    async with place.servers({"every": entry}) as servers:
        tools = by_name(await servers.tools())
        assert text(await tools["echo"].call({"message": "hi"})) == "Echo: hi"
        picture = await tools["get-tiny-image"].call({})
        assert any(isinstance(part, Image) and part.format == "png" for part in picture.content)


async def test_a_server_starts_in_the_workspace_with_nothing_of_our_environment(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIRO_REFRESH_TOKEN", "ours")
    async with place.servers({"shop": place.workshop(env={"GIVEN": "yes"})}) as servers:
        tools = by_name(await servers.tools())
        assert text(await tools["whoami"].call({})).endswith(str(place.workspace))
        names = text(await tools["variables"].call({})).splitlines()
        assert "GIVEN" in names
        assert "PATH" in names
        assert "KIRO_REFRESH_TOKEN" not in names


async def test_all_kinds_of_content(place: Place) -> None:
    async with place.servers({"shop": place.workshop()}) as servers:
        tools = by_name(await servers.tools())
        shown = await tools["gallery"].call({})
        assert [part.format for part in shown.content if isinstance(part, Image)] == ["png", "png"]
        told = text(shown)
        assert told.startswith("text\n")
        for expected in (
            "image/tiff",
            "audio/wav",
            "file:///a.md:\n# Title",
            "file:///a.bin",
            "application/zip",
            "link",
        ):
            assert expected in told
        assert text(await tools["only_structured"].call({})) == '{"a":[1,2]}'


async def test_ten_megabytes_are_cut_with_a_sentence(place: Place) -> None:
    async with place.servers({"shop": place.workshop()}) as servers:
        told = text(await by_name(await servers.tools())["flood"].call({}))
        assert len(told) < 101_000
        assert told.endswith("[The result was cut: the first 100000 of its 10000000 characters are shown.]")


async def test_a_server_that_crashes_in_a_call_is_started_by_the_next_but_not_for_ever(place: Place) -> None:
    entry = place.workshop(env={"KEY": "key-of-the-house"})
    async with place.servers({"shop": entry}) as servers:
        tools = by_name(await servers.tools())
        for _life in range(2):
            before = text(await tools["whoami"].call({}))
            crashed = await tools["crash"].call({})
            assert crashed.is_error
            assert "status 7" in text(crashed)
            assert "the last words with *** in them" in text(crashed)
            assert state(servers, "shop").state == "failed"
            assert text(await tools["whoami"].call({})) != before
        await tools["crash"].call({})
        refused = await tools["whoami"].call({})
        assert refused.is_error
        assert "left alone" in text(refused)
        assert await servers.tools() == ()
        assert (await servers.reload()).started == ("shop",)
        assert not (await by_name(await servers.tools())["whoami"].call({})).is_error


async def test_a_cancelled_call_is_cancelled_at_the_server(place: Place) -> None:
    async with place.servers({"shop": place.workshop()}) as servers:
        tools = by_name(await servers.tools())
        call = asyncio.create_task(tools["slow"].call({"path": str(place.root)}))
        await until((place.root / "began").exists)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await until((place.root / "cancelled").exists)
        assert text(await tools["greet"].call({"name": "Ada"})) == "Hello Ada"


async def test_whoever_cancels_does_not_wait_for_a_server_that_does_not_listen(place: Place) -> None:
    async with place.servers({"deaf": place.scripted("deaf")}) as servers:
        good = by_name(await servers.tools())["good"]
        call = asyncio.create_task(good.call({"much": "x" * 1_000_000}))
        await asyncio.sleep(0.3)
        call.cancel()
        done, _ = await asyncio.wait({call}, timeout=60)
        assert done


async def test_a_call_has_a_time_limit(place: Place) -> None:
    async with place.servers({"deaf": place.scripted("deaf", timeout=10_000)}) as servers:
        outcome = await by_name(await servers.tools())["good"].call({})
        assert outcome.is_error
        assert "no answer within 10 s" in text(outcome)


async def test_what_a_server_asks_of_us_is_refused(place: Place) -> None:
    async with place.servers({"shop": place.workshop()}) as servers:
        outcome = await by_name(await servers.tools())["asks"].call({})
        assert outcome.is_error


@pytest.mark.parametrize("mode", ["good", "stubborn"])
async def test_children_of_a_server_end_with_it(place: Place, mode: str) -> None:
    entries = {"shop": place.workshop(), "stubborn": place.scripted(mode)}
    async with place.servers(entries) as servers:
        tools = by_name(await servers.tools())
        for tool in ("children", "runaway"):
            assert int(text(await tools[tool].call({}))) in place.left()
        assert len(place.left()) == 4


async def test_servers_that_fail_are_reported_and_do_not_stop_the_rest(place: Place) -> None:
    entries = {
        "shop": place.workshop(),
        "absent": {"command": "no-such-command-at-all"},
        "nowhere": place.scripted("good", cwd="no/such/folder"),
        "no-program": {"command": str(place.root)},
        "mute": place.scripted("mute", timeout=5000),
        "quits": {"command": sys.executable, "args": ["-c", "raise SystemExit('no ' + '${SHOWN}')"]},
        "refused": {"url": "http://127.0.0.1:9/mcp?key=secret-in-url"},
        "wrong": {"command": "x", "disable": True},
        "unset": {"command": "x", "env": {"A": "${env:NOT_SET_ANYWHERE}"}},
        "off": {"command": "x", "disabled": True},
        "malformed": place.scripted("malformed"),
    }
    async with place.servers(entries, environ={"SHOWN": "hidden-value"}) as servers:
        assert {tool.source for tool in await servers.tools()} == {"shop"}
        states = {state.name: state for state in servers.states()}
        assert {name for name, state in states.items() if state.state == "failed"} == {*entries} - {"shop", "off"}
        assert states["off"].state == "off"
        for name, expected in {
            "absent": "'no-such-command-at-all' in PATH",
            "nowhere": "no folder",
            "no-program": "Permission denied",
            "mute": "not ready within 5 s.\nIt wrote to stdout what is no message of the protocol: Welcome to my server!",
            "quits": "status 1.\nThe last lines of its stderr:\nno ***",
            "refused": "cannot be reached",
            "wrong": "did you mean disabled?",
            "unset": "NOT_SET_ANYWHERE",
            "malformed": "nextCursor",
        }.items():
            assert expected in states[name].error, states[name].error
        assert "I say nothing" in states["mute"].error
        assert not any("secret-in-url" in state.error for state in states.values())
        assert {problem.server for problem in servers.problems} == {"wrong", "unset"}


async def test_a_failed_server_is_not_tried_again_at_once(place: Place) -> None:
    async with place.servers({"absent": {"command": "no-such-command-at-all"}}) as servers:
        await servers.tools()
        since = state(servers, "absent").since
        await servers.tools()
        assert state(servers, "absent").since == since
        await servers.reload()
        assert state(servers, "absent").since != since


async def test_a_program_that_is_no_server_is_given_up(place: Place) -> None:
    async with place.servers({"yes": {"command": "yes", "env": {"KIRO2CHAT_TEST": place.mark}}}) as servers:
        assert await servers.tools() == ()
        (state,) = servers.states()
        assert state.state == "failed"
        assert "no messages" in state.error


async def test_stray_lines_on_stdout_are_passed_over(place: Place) -> None:
    async with place.servers({"noisy": place.scripted("garbage")}) as servers:
        assert text(await by_name(await servers.tools())["good"].call({})) == "well"


async def test_a_line_without_end_is_not_kept_for_ever(place: Place) -> None:
    async with place.servers({"endless": place.scripted("endless")}) as servers:
        await servers.tools()
        assert "more than 64 MiB" in state(servers, "endless").error


async def test_an_answer_that_is_no_result(place: Place) -> None:
    async with place.servers({"odd": place.scripted("no-result")}) as servers:
        outcome = await by_name(await servers.tools())["good"].call({})
        assert outcome.is_error
        assert "no result" in text(outcome)


@pytest.mark.parametrize(("mode", "tools"), [("pages", 500), ("circle", 2)])
async def test_pages_of_tools_end(place: Place, mode: str, tools: int) -> None:
    async with place.servers({"many": place.scripted(mode)}) as servers:
        assert len(await servers.tools()) == tools
        assert "more tools than are read" in state(servers, "many").notes[0]


async def test_tools_that_cannot_be_offered_are_left_out_and_named(place: Place) -> None:
    async with place.servers({"odd": place.scripted("schemas")}) as servers:
        tools = by_name(await servers.tools())
        assert {"good", "no-type"} < set(tools)
        assert tools["no-type"].schema == {"type": "object"}
        assert len(tools) == 4
        for name, tool in tools.items():
            assert len(name) <= 64
            assert name.isascii()
            assert text(await tool.call({})) == "well"
        notes = "\n".join(state(servers, "odd").notes)
        for expected in (
            "'good' is left out: it is there twice",
            "not-an-object",
            "'strin'",
            "its name",
            "'huge'",
            "no-schema",
            "no tool",
        ):
            assert expected in notes


async def test_names_that_clash_get_their_servers_name(place: Place) -> None:
    entries = {"a": place.scripted("good"), "b": place.scripted("good"), "shop": place.workshop()}
    async with place.servers(entries, reserved=["greet"]) as servers:
        tools = by_name(await servers.tools())
        assert {"a__good", "b__good", "shop__greet", "slow"} <= set(tools)
        assert "good" not in tools
        assert tools["a__good"].source == "a"
        assert text(await tools["shop__greet"].call({"name": "Ada"})) == "Hello Ada"


async def test_reload_swaps_what_changed_and_running_calls_finish(place: Place) -> None:
    entries = {"kept": place.workshop(), "changed": place.workshop(), "gone": place.scripted("good")}
    async with place.servers(entries) as servers:
        tools = {(tool.source, tool.name.split("__")[-1]): tool for tool in await servers.tools()}
        kept = text(await tools["kept", "whoami"].call({}))
        changed = text(await tools["changed", "whoami"].call({}))
        call = asyncio.create_task(tools["changed", "slow"].call({"path": str(place.root), "seconds": 3}))
        await until((place.root / "began").exists)
        place.write(
            {"kept": entries["kept"], "changed": place.workshop(env={"NEW": "1"}), "new": place.scripted("good")}
        )
        done = await servers.reload()
        assert (set(done.started), set(done.stopped), done.kept) == ({"changed", "new"}, {"changed", "gone"}, ("kept",))
        assert text(await call) == "done"
        assert text(await tools["kept", "whoami"].call({})) == kept
        assert text(await tools["changed", "whoami"].call({})) != changed  # an old tool reaches the new server
        assert (await tools["gone", "good"].call({})).is_error
        assert [state.name for state in servers.states()] == ["changed", "kept", "new"]


async def test_what_is_gone_from_a_file_with_a_note_ends(place: Place) -> None:
    async with place.servers({"one": place.scripted("good", alwaysAllow=[])}) as servers:
        await servers.tools()
        assert "alwaysAllow is unknown and has no effect" in state(servers, "one").notes[0]
        place.write({}).write_text('{"mcpServers": {}, "more": 1}', encoding="utf-8")
        done = await servers.reload()
        assert (done.stopped, len(done.problems)) == (("one",), 1)
        assert await servers.tools() == ()


async def test_reload_with_a_broken_file_says_so(place: Place) -> None:
    async with place.servers({"one": place.scripted("good")}) as servers:
        await servers.tools()
        path = place.write({})
        path.write_text('{"mcpServers": {\n  "one": }', encoding="utf-8")
        problems = (await servers.reload()).problems
        assert str(problems[0]).startswith(f"{path}:2:10: not valid JSON")
        assert [tool.name for tool in await servers.tools()] == [
            "good"
        ]  # nobody knows what the file means: what runs, stays


async def test_try_out_starts_lists_and_stops(place: Place) -> None:
    async with place.servers({}) as servers:
        tried = {
            "mcpServers": {"good": place.scripted("good"), "bad": {"command": "no-such-command-at-all"}, "odd": {}}
        }
        states = {state.name: state for state in await servers.try_out(json.dumps(tried))}
        assert not place.left()
        assert (states["good"].state, states["good"].tools) == ("ready", 1)
        assert states["bad"].state == states["odd"].state == "failed"
        assert "needs `command`" in states["odd"].error
        with pytest.raises(SettingsError, match="not valid JSON"):
            await servers.try_out("{")


async def test_closing_in_the_middle_of_a_start_and_of_a_call(place: Place) -> None:
    async with place.servers({"mute": place.scripted("mute"), "shop": place.workshop()}) as servers:
        waiting = asyncio.create_task(servers.tools())
        await until(lambda: [state for state in servers.states() if state.state == "ready"])
        call = asyncio.create_task(servers._call("shop", "slow", {"path": str(place.root)}))
        await until((place.root / "began").exists)
        await servers.aclose()
        assert (await call).is_error
        await waiting


async def test_an_idle_server_that_ends_is_started_by_the_next_call(place: Place) -> None:
    async with place.servers({"shop": place.workshop()}) as servers:
        tools = by_name(await servers.tools())
        first = int(text(await tools["whoami"].call({})).split()[0])
        os.kill(first, 9)
        await until(lambda: state(servers, "shop").state != "ready")
        again = await tools["whoami"].call({})
        assert not again.is_error
        assert int(text(again).split()[0]) != first


def test_the_same_under_uvloop(place: Place) -> None:
    uvloop = pytest.importorskip("uvloop")

    async def life() -> None:
        async with place.servers({"shop": place.workshop()}) as servers:
            tools = by_name(await servers.tools())
            assert text(await tools["greet"].call({"name": "Ada"})) == "Hello Ada"
            assert len(text(await tools["flood"].call({}))) > 100_000
            await tools["children"].call({})
            assert (await tools["crash"].call({})).is_error
            assert not (await tools["whoami"].call({})).is_error

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(life())


def test_a_loop_that_just_ends_leaves_nothing_behind(place: Place) -> None:
    async def life() -> None:
        place.write({"shop": place.workshop(), "stubborn": place.scripted("stubborn")})
        await Servers(place.settings, place.workspace, patience=90).tools()

    asyncio.run(life())
    assert not place.left()


def test_nothing_is_imported_before_it_is_used() -> None:
    told = (
        "import sys, kiro2chat_core.agent.mcp_servers, kiro2chat_core.agent.mcp_config, kiro2chat_functions.app;"
        "print(sorted({'mcp', 'mcp_types', 'strands', 'jsonschema', 'pydantic'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, timeout=100, check=True)
    assert ran.stdout.strip() == "[]"
