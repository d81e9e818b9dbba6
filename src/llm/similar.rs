//! An order of requests in which alike ones stand side by side.
//!
//! Providers keep what prompts begin with, so requests with a long common
//! beginning are sent one after the other: first by what they begin with
//! (model, tools, system prompt, text, in that order), then, among those that share little,
//! by how many words they have in common. Nothing is ever answered by
//! likeness: it decides the order and no more.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::request::Request;

/// Bytes of a common beginning from which providers keep it: 1,024 tokens.
const CACHED_PREFIX: usize = 4_096;
/// Requests up to which words are compared; beyond it the comparison of all
/// with all would take longer than it gains.
const COMPARED_MAX: usize = 2_000;

/// Requests that share a beginning that providers keep; nearly always one.
#[derive(Debug, PartialEq, Eq)]
pub struct Group {
    /// Places in the batch, the first to be sent alone.
    pub members: Vec<usize>,
}

/// What a request begins with, as providers see it.
fn beginning(request: &Request) -> String {
    let mut text = request.given("model").to_string();
    text.push('\u{1f}');
    for tool in &request.tools {
        text.push_str(&tool.name);
        text.push_str(&tool.parameters.as_ref().map(|p| p.to_string()).unwrap_or_default());
        text.push('\u{1f}');
    }
    text.push_str(request.given("system_prompt"));
    text.push('\u{1e}');
    for message in &request.messages {
        text.push_str(message.role.name());
        text.push('\u{1f}');
        text.push_str(&message.text());
        text.push('\u{1e}');
    }
    text
}

/// The groups of a batch, in the order in which they are to be sent.
pub fn groups(requests: &[&Request]) -> Vec<Group> {
    let texts: Vec<String> = requests.iter().map(|request| beginning(request)).collect();
    let mut order: Vec<usize> = (0..texts.len()).collect();
    order.sort_unstable_by_key(|place| (texts[*place].as_str(), *place));
    let mut groups: Vec<Group> = Vec::new();
    for place in order {
        let kept = groups.last().and_then(|group| group.members.last());
        match kept.filter(|before| common_prefix(&texts[**before], &texts[place]) >= CACHED_PREFIX)
        {
            Some(_) => groups.last_mut().into_iter().for_each(|g| g.members.push(place)),
            None => groups.push(Group { members: vec![place] }),
        }
    }
    if groups.len() <= COMPARED_MAX { side_by_side(groups, &texts) } else { groups }
}

fn common_prefix(a: &str, b: &str) -> usize {
    a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count()
}

/// Chains groups so that each is followed by the one most like it.
fn side_by_side(mut groups: Vec<Group>, texts: &[String]) -> Vec<Group> {
    let mut sketches: Vec<Sketch> =
        groups.iter().map(|group| sketch(&texts[group.members[0]])).collect();
    let mut chain = Vec::with_capacity(groups.len());
    let mut next = 0;
    while next < groups.len() {
        let (group, own) = (groups.remove(next), sketches.remove(next));
        let likeness = sketches.iter().map(|other| alike(&own, other));
        // The first of equals, which is the next in the order of beginnings.
        let best = likeness.enumerate().rev().max_by_key(|(_, likeness)| *likeness);
        next = best.map_or(0, |(place, _)| place);
        chain.push(group);
    }
    chain
}

/// Places of a sketch: the likeness that it tells is right to some 6 points.
const PLACES: usize = 64;

/// What stands for the words of a text: in each place the least of the words'
/// hashes, by a hash of its own. Of two texts as many places are equal, by and
/// large, as they share of their words (Broder's MinHash), and that costs the
/// same however long they are.
type Sketch = [u32; PLACES];

fn sketch(text: &str) -> Sketch {
    let mut least = [u32::MAX; PLACES];
    let text = text.to_lowercase();
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    for word in words {
        let mut hash = hash(word);
        for least in &mut least {
            // Knuth's linear congruential generator: another hash for each place.
            hash = hash.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            *least = (*least).min((hash >> 32) as u32);
        }
    }
    least
}

fn hash(word: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    word.hash(&mut hasher);
    hasher.finish()
}

/// How many places of two sketches are equal.
fn alike(a: &Sketch, b: &Sketch) -> usize {
    a.iter().zip(b).filter(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(system: &str, user: &str) -> Request {
        let mut request = Request::new();
        request.add_message("system", system).unwrap();
        request.add_message("user", user).unwrap();
        request
    }

    fn order(requests: &[Request]) -> Vec<Vec<usize>> {
        let refs: Vec<&Request> = requests.iter().collect();
        groups(&refs).into_iter().map(|group| group.members).collect()
    }

    #[test]
    fn a_long_common_beginning_makes_a_group() {
        let (long, other) = ("a manual ".repeat(600), "b manual ".repeat(600));
        let batch = [
            request(&long, "first"),
            request(&other, "second"),
            request(&long, "third"),
            request(&other, "fourth"),
        ];
        let mut found = order(&batch);
        found.iter_mut().for_each(|group| group.sort());
        found.sort();
        assert_eq!(found, [vec![0, 2], vec![1, 3]]);
    }

    #[test]
    fn what_one_model_keeps_is_no_use_to_another() {
        let mut batch = ["one", "two"].map(|text| request(&"a manual ".repeat(600), text));
        assert_eq!(order(&batch).len(), 1);
        batch[1].set("model", "another").unwrap();
        assert_eq!(order(&batch).len(), 2);
    }

    #[test]
    fn alike_questions_stand_side_by_side_and_none_is_lost() {
        let batch = [
            request("s", "How do I bake bread at home?"),
            request("s", "What is the capital of France?"),
            request("s", "at home, how do I bake good bread"),
            request("s", "the capital city of France is what?"),
        ];
        let flat: Vec<usize> = order(&batch).concat();
        let at = |n: usize| flat.iter().position(|m| *m == n).unwrap() as isize;
        assert_eq!(flat.len(), 4);
        assert_eq!(((at(0) - at(2)).abs(), (at(1) - at(3)).abs()), (1, 1), "{flat:?}");
    }

    #[test]
    fn a_sketch_tells_what_two_texts_share_of_their_words() {
        let text =
            |words: std::ops::Range<u32>| words.map(|n| format!("word{n} ")).collect::<String>();
        for (shared, other) in [(0, 100..200), (33, 50..150), (82, 10..110), (100, 0..100)] {
            let places = alike(&sketch(&text(0..100)), &sketch(&text(other)));
            let told = places as f64 / PLACES as f64 * 100.0;
            assert!((told - f64::from(shared)).abs() < 15.0, "{told} of {shared}");
        }
        assert_eq!(sketch("One, two"), sketch("two ONE two"));
    }

    #[test]
    fn an_empty_batch_has_no_groups() {
        assert!(groups(&[]).is_empty());
    }
}
