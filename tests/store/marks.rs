//! The contract of marks: names with the newest time of each.

use ambergate::domain::time::Instant;
use ambergate::store::marks::{Mark, Marks, Times};

use crate::contract::contract;
use crate::world::World;

contract!(a_mark_never_goes_back);

async fn a_mark_never_goes_back<W: World<Store: Marks>>(world: W) {
    let store = world.store();
    let at = |hour: u8| -> Instant { format!("2026-03-02T{hour:02}:00:00Z").parse().unwrap() };
    assert_eq!(store.marks(Mark::Heard).await.unwrap(), Times::new());
    store.mark(Mark::Heard, Vec::new()).await.unwrap();
    let both = vec![("books".to_owned(), at(9)), ("https://pay.example/a b".to_owned(), at(8))];
    store.mark(Mark::Heard, both).await.unwrap();
    for hour in [7, 10, 8] {
        store.mark(Mark::Heard, vec![("books".to_owned(), at(hour))]).await.unwrap();
    }
    let marks = store.marks(Mark::Heard).await.unwrap();
    let expected = [("books", at(10)), ("https://pay.example/a b", at(8))];
    assert_eq!(marks, expected.map(|(name, at)| (name.to_owned(), at)).into());
}
