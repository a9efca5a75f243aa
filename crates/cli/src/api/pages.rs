//! Whole lists, which the server gives in parts.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::client::{Answer, Client, Query};
use crate::{Failure, Result};

/// The most that each list gives at once.
const MAX_PAGE: &str = "100";

/// The newest entries of a list, oldest first.
pub(crate) struct Newest {
    pub(crate) entries: Vec<Value>,
    /// How many entries the list has before them.
    pub(crate) earlier: usize,
}

impl From<Newest> for Answer {
    /// The same as a part of a list, which is its last.
    fn from(newest: Newest) -> Self {
        json!({"data": newest.entries, "nextCursor": null}).into()
    }
}

impl Client {
    /// Returns the newest entries of a list; the server lists from the oldest on.
    pub(crate) async fn newest(
        &self,
        path: &[&str],
        filter: Query<'_>,
        last: usize,
    ) -> Result<Newest> {
        let (mut newest, mut earlier) = (VecDeque::new(), 0);
        self.each(path, filter, |entry| {
            newest.push_back(entry);
            if newest.len() > last {
                newest.pop_front();
                earlier += 1;
            }
        })
        .await?;
        let entries = newest.into();
        Ok(Newest { entries, earlier })
    }

    pub(crate) async fn each(
        &self,
        path: &[&str],
        filter: Query<'_>,
        mut take: impl FnMut(Value),
    ) -> Result<()> {
        let mut cursor = None;
        loop {
            let entries = self.part(path, filter, &mut cursor).await?;
            entries.into_iter().for_each(&mut take);
            if cursor.is_none() {
                return Ok(());
            }
        }
    }

    /// Reads the part of a list behind the cursor, and sets it to the next one.
    pub(crate) async fn part(
        &self,
        path: &[&str],
        filter: Query<'_>,
        cursor: &mut Option<String>,
    ) -> Result<Vec<Value>> {
        let mut query = filter.to_vec();
        query.push(("limit", MAX_PAGE.to_owned()));
        query.extend(cursor.take().map(|cursor| ("cursor", cursor)));
        let mut part = self.get(path, &query).await?.value;
        *cursor = part["nextCursor"].as_str().map(str::to_owned);
        match part["data"].take() {
            Value::Array(entries) => Ok(entries),
            _ => Err(Failure::Own(format!(
                "the server's answer is not a list of {}",
                path.join("/")
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse as _;

    use super::*;
    use crate::tests as fake;

    #[tokio::test]
    async fn all_parts_are_read_and_the_newest_entries_kept() {
        let parts = [
            json!({"data": [1, 2, 3], "nextCursor": "a"}),
            json!({"data": [4, 5], "nextCursor": "b"}),
            json!({"data": [], "nextCursor": null}),
        ];
        let parts = parts.map(|part| part.to_string().into_response());
        let (client, asked) = fake::scripted(parts.into()).await;
        let newest = client.newest(&["agents", "a", "messages"], &[], 2).await;
        let newest = newest.unwrap();
        assert_eq!(
            (newest.entries, newest.earlier),
            (vec![json!(4), json!(5)], 3)
        );
        let path = "/agents/a/messages?limit=100";
        let expected = ["", "&cursor=a", "&cursor=b"].map(|cursor| format!("{path}{cursor} -"));
        assert_eq!(*asked.lock().unwrap(), expected);
    }
}
