r"""Answers to questions: read, judged, never executed.

A student's answer sheet (`answers.yaml`, `.json`, `.csv`) is data. Every value in it is taken as the text that was
typed, so that YAML's own ideas (`010` is eight, `1:30` is ninety) change no answer, and is read by a small grammar:

    text ── number.read ──▶ float ─────────────▶ number.judge ──┐
         ── grammar.parse ─▶ tree ─ formula.value ─ formula.judge ┼─▶ Judgement(credit, message)
         ── choice.read ───▶ option ───────────▶ choice.judge ──┘

What cannot be read is an `UnreadableAnswer`, with words for the student, and costs no attempt. Reading and evaluating
take time in proportion to a text of bounded length and bounded depth; numbers are floats, so that a tower of powers is
infinite at once and not computed.
"""
