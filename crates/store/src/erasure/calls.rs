//! Kept calls of providers that name the person.

use recado_core::Recipient;

use super::{Erasure, NextCalls};
use crate::db::raw_row::PageRows;
use crate::db::read::MAX_PAGE_BYTES;
use crate::inbound::calls;
use crate::prelude::*;
use crate::resources::contacts::spellings;
use crate::resources::removal::{MAX_CALLS, MAX_STEP_LOOKED_AT, removing_calls};

struct Spelling {
    address: Recipient,
    /// When the person lost the address; `None` if it is still theirs.
    until: Option<Timestamp>,
}

impl Spelling {
    fn is_in(&self, body: &str, received_at: Timestamp) -> bool {
        self.until.is_none_or(|until| received_at <= until) && body.contains(self.address.id())
    }
}

impl Erasure {
    /// Looks at the next calls behind an id, and removes those that name the person, whole: it
    /// is applied, or cannot be read. A call from before the erasure that is not applied yet is waited for, as it would
    /// bring the person back; a later one belongs to the time after the erasure.
    pub(super) async fn erase_calls(&mut self, after: String) -> Result<NextCalls> {
        let query = Query::new(
            "select id, organization_id from webhook_calls where id > $1 order by id limit $2",
        )
        .bind(after)
        .bind(MAX_STEP_LOOKED_AT);
        let (mut own, mut last) = (Vec::new(), None);
        for row in &self.store.read_rows(query).await? {
            let columns = Columns::new(row, "webhook_calls", "id");
            let (id, organization): (String, &str) =
                (columns.get("id")?, columns.get("organization_id")?);
            if organization == self.organization.as_str() {
                own.push(id.clone());
            }
            last = Some(id);
        }
        let addresses = self.subject.addresses();
        let spelled = addresses.flat_map(|(known, until)| {
            let spelled = spellings(known).into_iter();
            spelled.map(move |address| Spelling { address, until })
        });
        let spellings: Vec<_> = spelled.collect();
        for some in own.chunks(MAX_CALLS) {
            let mut left = some.to_vec();
            while !left.is_empty() {
                let page = self.read_calls(&left).await?;
                let (mut seen, mut theirs) = (Vec::new(), Vec::new());
                for row in &page.rows {
                    let columns = Columns::new(row, "webhook_calls", "id");
                    let id: String = columns.get("id")?;
                    if self.names_one_of(&spellings, row) {
                        let is_earlier = columns.get::<Timestamp>("received_at")? <= self.author.at;
                        if !columns.get("pending")? {
                            // What it stored may stand where this pass had looked already.
                            let applied_at: Option<i64> = columns.get("applied_at")?;
                            let is_late = applied_at >= Some(self.author.at.as_millisecond());
                            self.must_look_again |= is_earlier && is_late;
                            theirs.push(id.clone());
                        } else if is_earlier {
                            return Ok(NextCalls::Wait);
                        }
                    }
                    seen.push(id);
                }
                if !theirs.is_empty() {
                    let query = removing_calls(self.store.kind(), &theirs);
                    self.erased.webhook_calls += self.store.write_count(query).await?;
                }
                if !page.cut {
                    break;
                }
                left.retain(|id| !seen.contains(id));
            }
        }
        Ok(last.map_or(NextCalls::End, NextCalls::Behind))
    }

    async fn read_calls(&self, ids: &[String]) -> Result<PageRows> {
        static CALLS: OverList = OverList::new(
            "select id, organization_id, channel_id, content_type, key_id, body, received_at, \
             cast(case when applied_at is null and set_aside is null then 1 else 0 end as bigint) \
             as pending, applied_at from webhook_calls where id in ({ids})",
        );
        let query = over_list(self.store.kind(), &CALLS);
        let query = query.json(&ids);
        let store = &self.store;
        store
            .read_list(&self.organization, query, MAX_PAGE_BYTES)
            .await
    }

    fn names_one_of(&self, spellings: &[Spelling], row: &RawRow) -> bool {
        // What was encrypted with a key that is lost cannot be read by a person either.
        let Ok(call) = calls::call(row, self.store.key()) else {
            return false;
        };
        let body = String::from_utf8_lossy(&call.body);
        (spellings.iter()).any(|spelling| spelling.is_in(&body, call.received_at))
    }
}
