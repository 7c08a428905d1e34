"""Servers that take the protocol lightly: what they say costs at most the call, or the tool, that it is about."""

from __future__ import annotations

import asyncio
import os

import pytest
from tests.core.agent.mcp_places import Place, by_name, text, until
from tests.core.agent.test_mcp_servers import state


@pytest.mark.parametrize("mode", ["refuses", "terminates"])
async def test_an_error_of_a_healthy_server_costs_its_call_only(place: Place, mode: str) -> None:
    async with place.servers({"odd": place.scripted(mode)}) as servers:
        good = by_name(await servers.tools())["good"]
        before = place.left()
        for _ in range(5):
            outcome = await good.call({})
            assert outcome.is_error
            assert text(outcome) in ("odd: Connection closed", "odd: Session terminated")
        assert (state(servers, "odd").state, place.left()) == ("ready", before)


@pytest.mark.parametrize("mode", ["exits", "passes-over"])
async def test_servers_that_cannot_be_asked_what_they_speak(place: Place, mode: str) -> None:
    async with place.servers({"old": place.scripted(mode)}) as servers:
        tools = by_name(await servers.tools())
        for _ in range(2):
            assert text(await tools["good"].call({})) == "well"
            for pid in place.left():
                os.kill(pid, 9)
            await until(lambda: state(servers, "old").state != "ready")
        assert text(await tools["good"].call({})) == "well"  # its third start; the one in vain does not count


async def test_a_server_that_cannot_start_is_explained_by_its_last_words(place: Place) -> None:
    async with place.servers({"old": place.scripted("exits-always")}) as servers:
        await servers.tools()
        assert "ended before it was ready" in state(servers, "old").error


async def test_a_schema_that_no_reader_survives_costs_its_tool_only(place: Place) -> None:
    async with place.servers({"odd": place.scripted("odd-schemas")}) as servers:
        assert "good" in by_name(await servers.tools())
        notes = "\n".join(state(servers, "odd").notes)
        assert "'odd0' is left out: its inputSchema is no JSON Schema" in notes
        assert text(await by_name(await servers.tools())["good"].call({})) == "well"


ANSWERS = {
    "half": "a\ufffdb",
    "latin": "caf\ufffd",
    "video": "x\n[content of a kind that is not known here: video]\n[content of a kind that is not known here: no block]\n"
    "[content of a kind that is not known here: image]",
    "no-message": "odd: What it answered is no message of the protocol.",
}


@pytest.mark.parametrize("mode", ANSWERS)
async def test_answers_that_cannot_be_read_as_they_are(place: Place, mode: str) -> None:
    async with place.servers({"odd": place.scripted(mode)}) as servers:
        assert text(await by_name(await servers.tools())["good"].call({})) == ANSWERS[mode]


@pytest.mark.parametrize(
    ("mode", "ending"), [("blocks", "characters are shown.]"), ("pictures", "more blocks are not shown.]")]
)
async def test_many_small_blocks_are_few_large_ones(place: Place, mode: str, ending: str) -> None:
    async with place.servers({"odd": place.scripted(mode)}) as servers:
        outcome = await by_name(await servers.tools())["good"].call({})
        assert text(outcome).endswith(ending)
        assert len(outcome.content) <= 400


async def test_no_call_waits_for_a_list_that_does_not_come(place: Place) -> None:
    async with place.servers({"odd": place.scripted("restless")}) as servers:
        for _ in range(4):
            tools = by_name(await servers.tools())
            async with asyncio.timeout(60):  # less than the server's own time-out
                assert text(await tools["good"].call({})) == "well"
