"""Headings of CRM exports and the columns of ours that they mean."""

from __future__ import annotations

import re

from simulator.history.importers.readers.sheet import Sheet

Names = dict[str, tuple[str, ...]]

DEAL: Names = {
    "opportunity_id": ("opportunityid18", "opportunityid", "dealid", "recordid", "id", "opportunityname"),
    "stage": ("stagename", "stage", "dealstage"),
    "amount": ("amountconverted", "amountincompanycurrency", "amount", "dealamount"),
    "created_date": ("createddate", "createdate", "created", "createdon", "datecreated"),
    "close_date": ("closedate", "expectedclosedate", "plannedclosedate"),
    "closed_date": ("closeddate", "actualclosedate", "dateclosed"),
    "qualified_date": ("qualifieddate", "saldate", "salesaccepteddate", "qualificationdate", "acceptedon"),
    "is_won": ("iswon", "won", "isclosedwon"),
    "is_closed": ("isclosed", "closed", "isdealclosed"),
    "category": ("forecastcategoryname", "forecastcategory", "manualforecastcategory"),
    "probability": ("probability", "dealprobability", "dealstageprobability"),
    "owner": ("opportunityowner", "ownername", "dealowner", "owner", "ownerid", "hubspotownerid"),
    "team": ("salesteam", "team", "ownerrole", "hubspotteam", "hubspotteamid"),
    "source": ("leadsource", "originalsource", "originaltrafficsource", "source", "analyticssource"),
    "type": ("opportunitytype", "dealtype", "type", "opportunityrecordtype"),
    "loss_reason": ("closedlostreason", "lossreason", "lostreason", "reasonlost", "reasonforloss"),
    "competitor": ("maincompetitor", "maincompetitors", "primarycompetitor", "competitor", "competitors"),
    "product": ("productfamily", "primaryproduct", "product"),
    "compelling_event": ("compellingevent",),
    "segment": (
        *(
            "segment",
            "marketsegment",
            "customersegment",
            "salessegment",
            "region",
            "salesregion",
            "territory",
        ),
        *("recordtypename", "opportunityrecordtype", "recordtype", "pipeline", "recordtypeid"),
    ),
    "currency": ("amountcurrency", "currencyisocode", "opportunitycurrency", "currency", "dealcurrencycode"),
}
"""Columns of deals; earlier names are preferred where a file has several."""

CHANGE: Names = {
    "opportunity_id": ("opportunityid18", "opportunityid", "id", "opportunityname"),
    "changed_at": (
        "fivetranstart",
        "createddate",
        "lastmodifieddate",
        "lastmodified",
        "editdate",
        "validfrom",
    ),
    "stage": ("tostage", "stagename", "stage"),
    "amount": ("amountconverted", "amount"),
    "close_date": ("closedate",),
    "category": ("forecastcategoryname", "forecastcategory"),
    "probability": ("probability",),
    "is_won": ("iswon",),
    "is_closed": ("isclosed",),
}
"""Columns of the history of stages."""

FIELD: Names = {
    "opportunity_id": ("opportunityid18", "opportunityid", "parentid", "opportunityname"),
    "changed_at": ("createddate", "editdate", "lastmodifieddate"),
    "field": ("field", "fieldevent"),
    "old_value": ("oldvalue",),
    "new_value": ("newvalue",),
}
"""Columns of the history of single fields."""

SNAPSHOT_DATE: Names = {
    "snapshot_date": (
        "snapshotdate",
        "asofdate",
        "asof",
        "snapshot",
        "reportdate",
        "exportdate",
        "weekending",
        "date",
    )
}


CONVERTED = ("amountconverted", "amountincompanycurrency")


def heading_key(heading: str) -> str:
    """Return a heading without case, blanks, marks and the ``__c`` of custom fields."""
    text = (
        re.sub(r"_+c$", "", heading.strip(), flags=re.I)
        if re.search(r"[a-z]_+c$", heading, re.I)
        else heading
    )
    text = re.sub(r"^hs_(v2_)?", "", text.strip(), flags=re.I)
    return re.sub(r"[^a-z0-9]", "", re.sub(r"\(%\)|\(18\)$", "", text).casefold())


def keys(sheet: Sheet) -> dict[str, str]:
    """Return the headings of a sheet by their keys; the first where several are alike."""
    result: dict[str, str] = {}
    for heading in sheet.frame.columns:
        result.setdefault(heading_key(str(heading)), str(heading))
    return result


def recognised(sheet: Sheet, names: Names) -> dict[str, str]:
    """Return our columns with the heading that each is taken from, as far as the sheet has them."""
    have = keys(sheet)
    found = {
        ours: next((have[name] for name in theirs if name in have), None) for ours, theirs in names.items()
    }
    columns = {ours: heading for ours, heading in found.items() if heading is not None}
    if "currency" in columns and heading_key(columns.get("amount", "")) in CONVERTED:
        columns.pop("currency")  # it tells of the amounts before they were converted
    return columns
