/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/api_schemas.h"

const struct api_schema api_schemas[] = {
    {"Error", "error:Finding findings:[Finding]"},
    {"Refusal", "findings:[Finding] ..."},
    {"Finding",
     "id rule? severity=error|warning|note side=source|target|both* rung:int? message"
     " detail remedy ome:OmeAnswer?"},
    {"OmeAnswer", "id args:[string]"},
    /* certificates */
    {"Rung",
     "issued_to issued_by not_before:time? not_after:time? sha256:sha256 spki_sha256:sha256"
     " leaves:Leaves*"},
    {"Leaves", "server:Rung client:Rung"},
    {"Chain", "count:int ladder:[Rung]"},
    {"Check", "accepted:bool policy chain:Chain findings:[Finding]"},
    {"Upload",
     "&Check identity:int? unchanged:bool request? requested:time? client_request?*"
     " client_requested:time?* anchor:sha256? confirm_by:time?* services:[Step]*"
     " warnings:[Finding]*"},
    {"Verified", "valid:bool path:[Rung] findings:[Finding]"},
    {"Findings", "findings:[Finding]"},
    /* identity */
    {"Leaf", "name key spki_sha256:sha256 not_after:time?"},
    {"Identity",
     "&Leaf identity:int epoch:int origin imported:bool purpose reason made:time? seen:time?"
     " previous:int? client:Leaf* chain:Chain confirm_by:time?* services:[Step]*"
     " warnings:[Finding]*"},
    {"Backups", "identities:[Backup]"},
    {"Backup",
     "identity:int current:bool damage* epoch:int* origin* imported:bool* purpose* reason*"
     " made:time?* seen:time?* previous:int?* name* key* spki_sha256:sha256*"
     " not_after:time?* client:Leaf*"},
    {"Pruned", "pruned:int"},
    {"Decrypted", "decrypted:int"},
    {"Services", "purpose services:[Step]"},
    {"Step", "verb service"},
    /* signing requests */
    {"Requests", "requests:[Request] damaged:[DamagedRequest]"},
    {"Request",
     "id purpose created:time? used:time? subject cn san spki_sha256:sha256 request*"},
    {"DamagedRequest", "id finding:Finding"},
    {"Profiles", "profiles:[Profile]"},
    {"Profile", "purpose ecdsa:bool multi_server:bool ca:bool"},
    {"Diff", "same:bool findings:[Finding]"},
    {"Dropped", "dropped"},
    /* trust */
    {"Entries", "store anchors:[Entry]* entries:[Entry]* removed:[Entry]* pruned:[Entry]*"},
    {"Entry",
     "&Rung subject alias store sha1 ski ski_computed:bool origin auto_refresh:bool key"
     " added:time? removed:time?* pem*"},
    {"EntryDone", "&Entry done renews:sha256? comes_back:bool"},
    {"PublishedLists", "lists:[PublishedEntries]"},
    {"PublishedEntries",
     "list sequence:int publisher? issued:time? expires:time? entries:[PublishedEntry]"},
    {"PublishedEntry", "&Entry id crl_present:bool"},
    {"PublishedList",
     "list sequence:int entries:int publisher? issued:time? expires:time?"},
    {"ListStatus", "lists:[ListStanding]"},
    {"ListStanding", "&PublishedList standing holders:[Holder]"},
    {"Holder", "holder key:sha256 sequence:int? standing at:time?"},
    {"Refreshed",
     "added:int removed:int kept:int crls_added:int crls_removed:int findings:[Finding]"},
    {"Stores", "stores:[Store]"},
    {"Store", "store entries:int import_scope delete_scope distribution"},
    /* the built-in CA */
    {"Ca", "chain:Chain"},
    {"IssuedList", "issued:[Issued]"},
    {"Issued", "&Rung serial issued:time? revoked:time? reason?"},
    {"NewlyIssued", "accepted:bool chain:Chain findings:[Finding] pem?"},
    /* pairing */
    {"Paired",
     "paired:bool headline rungs:[PairedRung] connection:Connection* findings:[Finding]"},
    {"PairedRung", "rung:int match:bool key? source:Rung? target:Rung?"},
    {"Connection", "version cipher group"},
    {"Invitation", "selector state=open|used|locked|expired expires:time failures:int"},
    {"Code", "code expires:time"},
    {"Pairing",
     "id state code source target address name certificates:int warnings:int created:time"
     " expires:time grant*"},
    {"Revoked", "revoked"},
    /* migrations */
    {"Migration",
     "id side=source|target state name directory peer owner epoch:int changed:time"
     " running:bool* owed* held:bool*"},
    {"Jobs", "jobs:[Job]"},
    {"Job",
     "id:int command subject by state=running|done|refused|failed|stopped started:time"
     " ended:time? status:int? migration? bytes:int? total:int? rate:int? finding:Finding?"},
    {"Receipt", "format ..."},
    {"ReceiptCheck",
     "good:bool file migration epoch:int committed:time hash:sha256 previous:sha256"
     " left_behind:LeftBehind* findings:[Finding]"},
    {"LeftBehind", "sockets:int pipes:int devices:int skipped:int"},
    {"Removed", "removed:int"},
    /* the agent */
    {"Health", "status"},
    {"Doctor",
     "health=well|attention|broken now:time identity:DoctorIdentity? anchors:Counted"
     " crls:Counted published:DoctorPublished backed_up:time? policy wolfssl:Wolfssl"
     " findings:[Finding]"},
    {"DoctorIdentity", "identity:int origin rungs:[DoctorRung]"},
    {"DoctorRung",
     "issued_to issued_by not_before:time? not_after:time? sha256:sha256 spki_sha256:sha256"
     " leaves:DoctorLeaves* days_left:int"},
    {"DoctorLeaves", "server:DoctorRung client:DoctorRung"},
    {"Counted", "count:int over:int"},
    {"DoctorPublished",
     "sequence:int entries:int adopted:int adopted_over:int holders:int holders_behind:int"},
    {"Wolfssl", "version fips_validated:bool fips_module?"},
    {"Record", "seq:int at:time kind event subject details:object? hash:sha256"},
    {"AuditCheck", "good:bool records:int vouched:int first:int? findings:[Finding]"},
    {"Administrator", "name role=administrator|observer created:time changed:time"},
    {"Named", "name"},
    {0},
};
