//! The journal in files: what is acknowledged is there, what is damaged is named.

use std::path::{Path, PathBuf};

use ambergate::store::journal::{Journal, JournalError, JournalSettings, export};

use crate::server::until;

const SMALL: JournalSettings = JournalSettings { segment_bytes: 1_000 };

fn entry(n: u64) -> Vec<u8> {
    format!("{{\"n\":{n},\"text\":\"{}\"}}", "x".repeat(50)).into_bytes()
}

fn opened(folder: &Path) -> Result<Journal, JournalError> {
    Journal::open(folder, SMALL)
}

fn kept(journal: &Journal, from: u64) -> Vec<(u64, Vec<u8>)> {
    journal.entries(from).unwrap().map(Result::unwrap).collect()
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let names = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<PathBuf> =
        names.filter(|path| path.to_str().unwrap().ends_with(ending)).collect();
    files.sort();
    files
}

/// A journal of `count` entries, each a write of its own, closed again.
async fn filled(folder: &Path, settings: JournalSettings, count: u64) {
    let journal = Journal::open(folder, settings).unwrap();
    for n in 0..count {
        assert_eq!(journal.append(vec![entry(n)]).await, Ok(n..n + 1));
    }
}

#[tokio::test]
async fn entries_are_there_when_it_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let journal = opened(folder.path()).unwrap();
    let id = journal.name();
    assert_eq!(journal.end(), 0);
    assert_eq!(journal.append(vec![entry(0), entry(1)]).await, Ok(0..2));
    assert_eq!(journal.append(vec![entry(2)]).await, Ok(2..3));
    assert_eq!(kept(&journal, 1), [(1, entry(1)), (2, entry(2))]);
    drop(journal);

    let journal = opened(folder.path()).unwrap();
    assert_eq!((journal.name(), journal.end()), (id.clone(), 3));
    assert_eq!(journal.append(vec![entry(3)]).await, Ok(3..4));
    assert_eq!(kept(&journal, 0).len(), 4);
    assert_eq!(kept(&journal, 9), []);
    let other = tempfile::tempdir().unwrap();
    assert_ne!(opened(other.path()).unwrap().name(), id);
}

#[tokio::test]
async fn what_is_no_entry_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let journal = opened(folder.path()).unwrap();
    for wrong in [b"a\nb".to_vec(), Vec::new(), vec![b'x'; (16 << 20) + 1]] {
        let outcome = journal.append(vec![entry(0), wrong]).await;
        assert_eq!(outcome, Err(JournalError::NotAnEntry));
    }
    assert_eq!(journal.end(), 0);
}

#[tokio::test]
async fn a_second_process_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let _journal = opened(folder.path()).unwrap();
    assert!(matches!(opened(folder.path()), Err(JournalError::InUse(_))));
}

#[tokio::test]
async fn a_tail_torn_anywhere_is_cut_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path(), JournalSettings::default(), 3).await;
    let file = files(folder.path(), ".journal").remove(0);
    let before = std::fs::read(&file).unwrap();
    let journal = Journal::open(folder.path(), JournalSettings::default()).unwrap();
    journal.append(vec![entry(3), entry(4)]).await.unwrap();
    drop(journal);
    let whole = std::fs::read(&file).unwrap();

    for length in (before.len()..whole.len()).step_by(7) {
        // Cut off, or cut off with a later piece of the same write already on disk.
        let mut holed = whole.clone();
        holed[length..(length + 40).min(whole.len())].fill(0);
        for torn in [&whole[..length], &holed] {
            std::fs::write(&file, torn).unwrap();
            let journal = Journal::open(folder.path(), JournalSettings::default()).unwrap();
            let end = journal.end();
            assert!((3..5).contains(&end), "{end} entries of {length} bytes");
            assert_eq!(journal.append(vec![entry(end)]).await, Ok(end..end + 1));
            let expected: Vec<_> = (0..=end).map(|n| (n, entry(n))).collect();
            assert_eq!(kept(&journal, 0), expected);
        }
    }
}

#[tokio::test]
async fn damage_in_the_middle_is_named_with_file_and_offset() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path(), JournalSettings::default(), 5).await;
    let file = files(folder.path(), ".journal").remove(0);
    let whole = std::fs::read(&file).unwrap();
    let line = whole.split_inclusive(|byte| *byte == b'\n').take(3).map(<[u8]>::len).sum::<usize>();
    let mut damaged = whole.clone();
    damaged[line + 30] ^= 1;
    std::fs::write(&file, &damaged).unwrap();
    let error = Journal::open(folder.path(), JournalSettings::default()).unwrap_err();
    let JournalError::Damaged { file: named, offset, .. } = &error else { panic!("{error}") };
    assert_eq!((Path::new(named), *offset), (file.as_path(), line as u64));
    assert!(std::fs::read(&file).unwrap() == damaged, "nothing is cut");

    let newer = String::from_utf8(whole).unwrap().replacen("journal 1", "journal 2", 1);
    std::fs::write(&file, newer).unwrap();
    let error = Journal::open(folder.path(), JournalSettings::default()).unwrap_err().to_string();
    assert!(error.contains("newer ambergate"), "{error}");
}

#[tokio::test]
async fn closed_files_are_compressed_and_positions_stay() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path(), SMALL, 60).await;
    let journal = opened(folder.path()).unwrap();
    let plain = || async { (files(folder.path(), ".journal").len() == 1).then_some(()) };
    until(plain).await;
    assert!(files(folder.path(), ".gz").len() >= 4);
    for from in [0, 1, 13, 37, 59, 60] {
        let expected: Vec<_> = (from..60).map(|n| (n, entry(n))).collect();
        assert_eq!(kept(&journal, from), expected);
    }
    let mut lines = Vec::new();
    assert_eq!(export(folder.path(), &mut lines), Ok(60));
    let expected: Vec<u8> = (0..60).flat_map(|n| [entry(n), b"\n".to_vec()].concat()).collect();
    assert!(lines == expected);
    assert_eq!(journal.append(vec![entry(60)]).await, Ok(60..61));
}

#[tokio::test]
async fn a_closed_file_that_is_damaged_or_gone_is_named() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path(), SMALL, 60).await;
    let journal = opened(folder.path()).unwrap();
    until(|| async { (files(folder.path(), ".journal").len() == 1).then_some(()) }).await;
    let file = files(folder.path(), ".gz").remove(1);
    let whole = std::fs::read(&file).unwrap();
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 1;
    let refused = |name: &Path| {
        let error = journal.entries(0).unwrap().find_map(Result::err).expect("an error");
        assert!(matches!(error, JournalError::Damaged { .. }), "{error}");
        assert!(error.to_string().contains(name.file_name().unwrap().to_str().unwrap()), "{error}");
    };
    std::fs::write(&file, damaged).unwrap();
    refused(&file);
    std::fs::write(&file, &whole[..whole.len() - 20]).unwrap();
    refused(&file);
    std::fs::remove_file(&file).unwrap();
    refused(&files(folder.path(), ".gz")[0]);
    // A file of another journal is not taken for one of this.
    let other = tempfile::tempdir().unwrap();
    filled(other.path(), SMALL, 60).await;
    drop(opened(other.path()).unwrap());
    std::fs::copy(&files(other.path(), ".gz")[1], &file).unwrap();
    refused(&file);
    std::fs::write(&file, whole).unwrap();
    assert_eq!(kept(&journal, 0).len(), 60);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_at_once_share_a_write_and_keep_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let journal = opened(folder.path()).unwrap();
    let appends: Vec<_> = (0..8)
        .map(|_| {
            let journal = journal.clone();
            tokio::spawn(async move {
                let mut positions = Vec::new();
                for n in 0..20 {
                    let range = journal.append(vec![entry(n); 2]).await.unwrap();
                    assert_eq!(range.end, range.start + 2);
                    positions.push(range.start);
                }
                assert!(positions.is_sorted());
                positions
            })
        })
        .collect();
    let mut all = Vec::new();
    for append in appends {
        all.extend(append.await.unwrap());
    }
    all.sort_unstable();
    assert_eq!(all, (0..160).map(|n| n * 2).collect::<Vec<_>>());
    assert_eq!(kept(&journal, 0).len(), 320);

    // In pieces, also while it goes on, and from another place in between.
    let mut position = 0;
    while position < journal.end() {
        let piece = journal.read(position, 77).await.unwrap();
        assert_eq!(piece[0].0, position);
        position += piece.len() as u64;
        if position == 77 {
            journal.append(vec![entry(7)]).await.unwrap();
            assert_eq!(journal.read(5, 2).await.unwrap().len(), 2);
        }
    }
    assert_eq!(position, 321);
    assert_eq!(journal.read(321, 9).await, Ok(Vec::new()));
}
