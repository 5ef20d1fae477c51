//! Marks on the server: a sorted set a kind, by time in milliseconds.

use redis::Cmd;

use super::Remote;
use crate::domain::time::Instant;
use crate::store::StoreError;
use crate::store::marks::{Mark, Marks, Times};

impl Remote {
    fn marks_key(&self, of: Mark) -> String {
        self.keys().whole(of.word())
    }
}

impl Marks for Remote {
    async fn marks(&self, of: Mark) -> Result<Times, StoreError> {
        let ask = Cmd::zrange_withscores(self.marks_key(of), 0, -1);
        let found: Vec<(String, f64)> = self.link().one(&ask).await?;
        // Milliseconds are whole numbers far below those that a score cannot hold.
        #[allow(clippy::cast_possible_truncation)]
        let at = |millis: f64| Instant::from_millis(millis as i64);
        Ok(found.into_iter().map(|(name, millis)| (name, at(millis))).collect())
    }

    async fn mark(&self, of: Mark, names: Vec<(String, Instant)>) -> Result<(), StoreError> {
        if names.is_empty() {
            return Ok(());
        }
        let mut add = redis::cmd("ZADD");
        add.arg(self.marks_key(of)).arg("GT");
        for (name, at) in names {
            add.arg(at.millis()).arg(name);
        }
        self.link().one::<i64>(&add).await.map(drop)
    }
}
