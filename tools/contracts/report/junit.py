"""The report as JUnit XML: a case for each finding, which fails where the finding forbids the merge."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from tools.contracts.report.model import Report


def document(report: Report) -> str:
    """The XML; of a change without findings it has one case that passed."""
    suite = Element("testsuite", name="contracts")
    for one in report.findings:
        name = f"{one.rule} {one.subject}" + (f".{one.field}" if one.field else "")
        case = SubElement(suite, "testcase", classname=f"contracts.{one.contract}", name=name)
        if one in report.forbidding:
            failure = SubElement(case, "failure", message=one.sentence, type=str(one.verdict))
            reached = [
                f"{consumer.where} {consumer.service} {consumer.use} {consumer.text}".rstrip()
                for consumer in one.consumers
            ]
            failure.text = "\n".join([f"{one.where} {one.rule} {one.sentence}", one.mend, *reached])
    for problem in report.problems:
        case = SubElement(suite, "testcase", classname="contracts", name=str(problem.where))
        SubElement(case, "failure", message=problem.sentence)
    if not len(suite):
        SubElement(suite, "testcase", classname="contracts", name="nothing changed on the wire")
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(sum(1 for _ in suite.iter("failure"))))
    indent(suite)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(suite, encoding="unicode") + "\n"
