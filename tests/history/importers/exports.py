"""Small exports, written by hand, and the way to import them."""

from __future__ import annotations

from pathlib import Path

from simulator.history.importers.importer import Imported, import_files

OPPORTUNITIES = """"Opportunity ID","Stage","Amount","Close Date","Created Date","Forecast Category",\
"Opportunity Owner","Lead Source","Type","Closed","Won","Loss Reason","Region","Opportunity Name"
"0061a","Closed Won","$12,000.00","3/15/2024","1/5/2024","Closed","Ann","Web","New Business","1","1","",\
"EMEA","A"
"0061b","Closed Lost","8000","4/2/2024","1/20/2024","Omitted","Bob","Event","New Business","1","0",\
"Lost to competitor","AMER","B"
"0061c","Negotiation","5000","6/30/2024","2/1/2024","Commit","Ann","","Existing Business","0","0","",\
"EMEA","C"
"0061d","Prospecting","","7/31/2024","3/3/2024","Pipeline","Bob","Web","New Business","0","0","","AMER","D"
"0061e","Closed Lost","100","4/2/2024","1/20/2024","Omitted","Bob","Event","Renewal","1","0",\
"No budget","AMER","E"
"","","","","","","","","","","","","",""
"Grand Totals (5 records)"
"Copyright (c) 2000-2024 salesforce.com, inc. All rights reserved."
"""

HISTORY = """Id,OpportunityId,CreatedDate,StageName,Amount,CloseDate,Probability,ForecastCategory,IsDeleted
h1,0061a,2024-01-05T10:00:00.000Z,Prospecting,10000,2024-02-28,10,Pipeline,false
h2,0061a,2024-02-01T10:00:00.000Z,Proposal,10000,2024-02-28,50,BestCase,false
h3,0061a,2024-02-27T10:00:00.000Z,Proposal,12000,2024-03-31,50,MostLikely,false
h4,0061a,2024-03-15T10:00:00.000Z,Closed Won,12000,2024-03-15,100,Closed,false
h5,0061b,2024-01-20T10:00:00.000Z,Prospecting,8000,2024-03-31,10,Pipeline,false
h6,0061b,2024-04-02T10:00:00.000Z,Closed Lost,8000,2024-04-02,0,Omitted,false
h7,0061c,2024-02-01T10:00:00.000Z,Prospecting,5000,2024-05-31,10,Pipeline,false
h8,0061c,2024-05-01T10:00:00.000Z,Negotiation,5000,2024-06-30,80,Forecast,false
h9,0061d,2024-03-03T10:00:00.000Z,Prospecting,,2024-07-31,10,Pipeline,false
h10,0061e,2024-01-20T10:00:00.000Z,Proposal,100,2024-03-31,50,BestCase,false
h11,0061e,2024-04-02T10:00:00.000Z,Closed Lost,100,2024-04-02,0,Omitted,false
h12,0061x,2024-04-02T10:00:00.000Z,Closed Lost,100,2024-04-02,0,Omitted,false
h13,0061e,2024-02-02T10:00:00.000Z,Proposal,100,2024-03-31,50,BestCase,true
"""

FIELDS = """Opportunity ID,Field / Event,Old Value,New Value,Edit Date
0061a,Created.,,,1/5/2024 10:00 AM
0061a,Stage,Prospecting,Proposal,2/1/2024 10:00 AM
0061a,Close Date,2/28/2024,3/31/2024,2/27/2024 10:00 AM
0061a,Amount,"$10,000","$12,000",2/27/2024 10:00 AM
0061a,Stage,Proposal,Closed Won,3/15/2024 9:00 AM
0061c,Stage,Prospecting,Negotiation,5/1/2024 10:00 AM
0061b,Stage,Prospecting,Closed Lost,4/2/2024 10:00 AM
0061e,Stage,Proposal,Closed Lost,4/2/2024 10:00 AM
"""

HUBSPOT = '''Record ID,Deal Name,Deal Stage,Amount,Close Date,Create Date,Pipeline,Deal owner,\
Closed Lost Reason,Forecast category,"Date entered ""Appointment scheduled (Sales Pipeline)""",\
"Date entered ""Contract sent (Sales Pipeline)""","Date entered ""Closed won (Sales Pipeline)""",\
"Date entered ""Closed lost (Sales Pipeline)""",Is Closed Won,Is Deal Closed
1,A,Closed won,1000,2024-03-01 10:00,2024-01-01 09:00,Sales Pipeline,Ann,,Closed won,2024-01-01 09:00,\
2024-02-01 10:00,2024-03-01 10:00,,true,true
2,B,Closed lost,2000,2024-03-05 10:00,2024-01-02 09:00,Sales Pipeline,Ann,\
Went with competitor,Not forecasted,2024-01-02 09:00,,,2024-03-05 10:00,false,true
3,C,Contract sent,3000,2024-05-05 10:00,2024-01-03 09:00,Sales Pipeline,Bob,,Commit,2024-01-03 09:00,\
2024-03-01 10:00,,,false,false
4,D,Appointment scheduled,,2024-06-05 10:00,2024-02-03 09:00,Sales Pipeline,Bob,,Pipeline,\
2024-02-03 09:00,,,,false,false
'''


def write(folder: Path, **files: str | bytes) -> list[Path]:
    """Write files named by keyword, ``deals_csv`` being deals.csv."""
    paths = []
    for name, content in files.items():
        path = folder / ".".join(name.rsplit("_", 1))
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        paths.append(path)
    return paths


def import_texts(
    folder: Path, kind: str, map_yaml: str | None = None, accept: bool = False, **files: str | bytes
) -> Imported:
    """Import files given as text, with a map given as text; ``accept`` conflicts as --yes does."""
    paths = write(folder, **files)
    map_path = None
    if map_yaml is not None:
        map_path = folder / "map.yaml"
        map_path.write_text(map_yaml)
    return import_files(kind, paths, map_path, accept=accept)


DEALS_MAP = """
tables:
  opportunities:
    file: deals.csv
    columns: {opportunity_id: id, amount: amount, created_date: created, close_date: close, stage: stage}
stages: {Open: pipeline, Won: won, Lost: lost}
"""
"""Map of a plain table of deals with the headings id, amount, created, close and stage."""
