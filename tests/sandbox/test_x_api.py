"""Reading from the X API: signatures, timelines, paging, expansions, search."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests
import tweepy
from requests_oauthlib import OAuth1

BELEDIYE, BASKAN = "1500000001", "1500000002"
UNAUTHORIZED = {"title": "Unauthorized", "detail": "Unauthorized", "type": "about:blank", "status": 401}


def test_tweepy_with_oauth_1_user_context_is_let_in(stage: Any) -> None:
    client = tweepy.Client(
        consumer_key="sandboxxconsumerkey01",
        consumer_secret="sandbox-x-consumer-secret",
        access_token="sandbox-token-x-baskan",
        access_token_secret="sandbox-token-x-baskan-secret",
    )

    class ToSandbox(requests.Session):
        def request(self, method: Any, url: Any, *args: Any, **more: Any) -> requests.Response:
            address = str(url).replace("https://api.twitter.com", stage.url + "/x")
            return super().request(method, address, *args, **more)

    client.session.close()
    client.session = ToSandbox()
    mention = stage.say("x-baskan", "Başkanım @esenyurtbaskan yolumuz ne zaman yapılacak?")
    found = client.get_users_mentions(BASKAN, max_results=5, tweet_fields=["created_at"], user_auth=True)
    answered = client.create_tweet(text="Bu hafta.", in_reply_to_tweet_id=mention, user_auth=True)
    client.session.close()
    assert [str(tweet.id) for tweet in found.data] == [mention]
    assert answered.data["text"] == "Bu hafta."


@pytest.mark.parametrize(
    ("token", "secret", "consumer"),
    [
        ("sandbox-token-nobody", "sandbox-token-x-belediye-secret", "sandbox-x-consumer-secret"),
        ("sandbox-token-x-belediye", "another-secret", "sandbox-x-consumer-secret"),
        ("sandbox-token-x-belediye", "sandbox-token-x-belediye-secret", "another-consumer-secret"),
    ],
)
def test_a_wrong_token_or_signature_is_refused_401(
    stage: Any, token: str, secret: str, consumer: str
) -> None:
    auth = OAuth1("sandboxxconsumerkey01", consumer, token, secret)
    answer = requests.get(f"{stage.url}/x/2/users/me", auth=auth, timeout=10)
    assert (answer.status_code, answer.json()) == (401, UNAUTHORIZED)


def test_a_signature_does_not_stand_for_another_query(stage: Any) -> None:
    auth = OAuth1(
        "sandboxxconsumerkey01",
        "sandbox-x-consumer-secret",
        "sandbox-token-x-belediye",
        "sandbox-token-x-belediye-secret",
    )
    url = f"{stage.url}/x/2/users/{BELEDIYE}/mentions"
    signed = requests.Request("GET", url, params={"max_results": "5"}, auth=auth).prepare()
    stolen = {"Authorization": signed.headers["Authorization"]}
    assert requests.get(f"{url}?max_results=100", headers=stolen, timeout=10).status_code == 401
    assert (
        requests.get(f"{url}?max_results=5", headers=stolen, timeout=10).status_code == 401
    )  # nonce is used


def test_a_bearer_token_of_the_account_is_let_in_and_an_unknown_one_is_not(stage: Any) -> None:
    headers = {"Authorization": "Bearer sandbox-token-x-belediye"}
    answer = requests.get(f"{stage.url}/x/2/users/me", headers=headers, timeout=10)
    assert answer.json() == {
        "data": {"id": BELEDIYE, "name": "Esenyurt Belediyesi", "username": "esenyurtbelediye"}
    }
    for header in ({"Authorization": "Bearer nobody"}, {}):
        assert requests.get(f"{stage.url}/x/2/users/me", headers=header, timeout=10).json() == UNAUTHORIZED


def test_the_app_alone_may_read_but_not_write(open_stage: Callable[..., Any]) -> None:
    stage = open_stage(x_bearer_token="app-only")
    headers = {"Authorization": "Bearer app-only"}
    read = requests.get(f"{stage.url}/x/2/tweets?ids=1", headers=headers, timeout=10)
    wrote = requests.post(f"{stage.url}/x/2/tweets", json={"text": "a"}, headers=headers, timeout=10)
    assert read.status_code == 200
    assert (wrote.status_code, wrote.json()["title"]) == (403, "Unsupported Authentication")


def test_mentions_come_newest_first_and_only_after_since_id(stage: Any) -> None:
    ids = [stage.say("x-belediye", f"{n}. sokakta çöp var @esenyurtbelediye") for n in range(3)]
    everything = stage.x("GET", f"users/{BELEDIYE}/mentions").json()
    later = stage.x("GET", f"users/{BELEDIYE}/mentions", params={"since_id": ids[1]}).json()
    none = stage.x("GET", f"users/{BELEDIYE}/mentions", params={"since_id": ids[2]}).json()
    assert [one["id"] for one in everything["data"]] == ids[::-1]
    assert everything["meta"] == {"result_count": 3, "newest_id": ids[2], "oldest_id": ids[0]}
    assert [one["id"] for one in later["data"]] == [ids[2]]
    assert none == {"meta": {"result_count": 0}}


def test_pages_of_mentions_join_to_the_whole(stage: Any) -> None:
    ids = [stage.say("x-belediye", f"mesaj {n} @esenyurtbelediye") for n in range(12)]
    found: list[str] = []
    token: str | None = None
    for _ in range(3):
        params = {"max_results": 5, **({"pagination_token": token} if token else {})}
        page = stage.x("GET", f"users/{BELEDIYE}/mentions", params=params).json()
        found += [one["id"] for one in page["data"]]
        token = page["meta"].get("next_token")
    assert found == ids[::-1]
    assert token is None


def test_a_post_that_names_two_accounts_is_one_post_in_both_mentions(stage: Any) -> None:
    id = stage.say("x-belediye", "@esenyurtbelediye @esenyurtbaskan parkta ışık yok")
    for account in (BELEDIYE, BASKAN):
        found = stage.x("GET", f"users/{account}/mentions", params={"expansions": "author_id"}).json()
        assert [one["id"] for one in found["data"]] == [id]
    named = stage.x("GET", "tweets", params={"ids": id, "tweet.fields": "entities"}).json()["data"][0]
    assert [one["id"] for one in named["entities"]["mentions"]] == [BELEDIYE, BASKAN]


def test_a_reply_under_our_post_carries_its_conversation_and_parent(stage: Any) -> None:
    post = stage.threads("x-belediye")["posts"][0]["external_id"]
    id = stage.say("x-belediye", "Açılışa çocuklar da gelebilir mi?")
    params = {
        "expansions": "author_id,referenced_tweets.id,in_reply_to_user_id",
        "tweet.fields": "conversation_id,created_at",
    }
    page = stage.x("GET", f"users/{BELEDIYE}/mentions", params=params).json()
    tweet = page["data"][0]
    assert tweet["id"] == id
    assert tweet["conversation_id"] == post
    assert tweet["in_reply_to_user_id"] == BELEDIYE
    assert tweet["referenced_tweets"] == [{"type": "replied_to", "id": post}]
    assert [one["id"] for one in page["includes"]["tweets"]] == [post]
    assert {one["id"] for one in page["includes"]["users"]} == {tweet["author_id"], BELEDIYE}
    assert tweet["created_at"].endswith("Z")


def test_a_deleted_parent_is_a_partial_error(stage: Any) -> None:
    parent = stage.say("x-belediye", "@esenyurtbelediye durak kırık")
    stage.say("x-belediye", "bizde de öyle @esenyurtbelediye", author="Veli Kaya", parent=parent)
    stage.control("delete", external_id=parent)
    page = stage.x("GET", f"users/{BELEDIYE}/mentions", params={"expansions": "referenced_tweets.id"}).json()
    assert len(page["data"]) == 1
    assert [one["resource_id"] for one in page["errors"]] == [parent]
    assert page["errors"][0]["type"].endswith("/resource-not-found")


def test_a_long_post_is_cut_and_whole_in_note_tweet_and_markup_is_escaped(stage: Any) -> None:
    text = "@esenyurtbelediye <b>çok</b> & uzun: " + "ğ" * 300
    stage.say("x-belediye", text)
    page = stage.x("GET", f"users/{BELEDIYE}/mentions", params={"tweet.fields": "note_tweet"}).json()
    tweet = page["data"][0]
    assert tweet["text"].startswith("@esenyurtbelediye &lt;b&gt;çok&lt;/b&gt; &amp; uzun: ğ")
    assert "ğ" * 300 not in tweet["text"]
    assert tweet["note_tweet"]["text"] == text


def test_an_edit_is_a_new_id_with_the_history_of_all(stage: Any) -> None:
    first = stage.say("x-belediye", "@esenyurtbelediye ışık yok")
    latest = stage.control("edit", external_id=first, text="@esenyurtbelediye ışık yok, 12. sokak").json()
    page = stage.x("GET", f"users/{BELEDIYE}/mentions", params={"since_id": first}).json()
    assert page["data"][0]["id"] == latest["latest_id"] != first
    assert page["data"][0]["edit_history_tweet_ids"] == [first, latest["latest_id"]]
    old = stage.x("GET", f"tweets/{first}").json()
    assert old["data"]["text"] == "@esenyurtbelediye ışık yok"


def test_posts_by_id_tell_which_are_gone(stage: Any) -> None:
    kept, gone = (stage.say("x-belediye", f"@esenyurtbelediye {n}") for n in "ab")
    stage.control("delete", external_id=gone)
    answer = stage.x("GET", "tweets", params={"ids": f"{kept},{gone},77"}).json()
    assert [one["id"] for one in answer["data"]] == [kept]
    assert [(one["resource_id"], one["title"]) for one in answer["errors"]] == [
        (gone, "Not Found Error"),
        ("77", "Not Found Error"),
    ]


def test_the_own_timeline_shows_replies_with_what_they_answer(stage: Any) -> None:
    parent = stage.say("x-belediye", "@esenyurtbelediye ağaç devrildi")
    reply = stage.reply_on_x("Ekibimiz yolda.", parent).json()["data"]["id"]
    params = {"tweet.fields": "referenced_tweets,in_reply_to_user_id", "max_results": 5}
    own = stage.x("GET", f"users/{BELEDIYE}/tweets", params=params).json()["data"]
    posts = stage.x("GET", f"users/{BELEDIYE}/tweets", params={"exclude": "replies"}).json()["data"]
    assert (own[0]["id"], own[0]["referenced_tweets"][0]["id"]) == (reply, parent)
    assert reply not in [one["id"] for one in posts]


def test_search_finds_a_conversation_and_refuses_unknown_operators(stage: Any) -> None:
    parent = stage.say("x-belediye", "@esenyurtbelediye yol çöktü")
    reply = stage.reply_on_x("Bakıyoruz.", parent).json()["data"]["id"]
    stage.say("x-belediye", "@esenyurtbelediye başka konu")
    query = f"conversation_id:{parent}"
    found = stage.x("GET", "tweets/search/recent", params={"query": query, "max_results": 10}).json()
    mine = stage.x("GET", "tweets/search/recent", params={"query": f"{query} from:{BELEDIYE}"}).json()
    wrong = stage.x("GET", "tweets/search/recent", params={"query": "near:esenyurt"})
    assert [one["id"] for one in found["data"]] == [reply, parent]
    assert [one["id"] for one in mine["data"]] == [reply]
    assert wrong.status_code == 400


@pytest.mark.parametrize(
    "params",
    [{"max_results": "4"}, {"max_results": "101"}, {"since_id": "abc"}, {"expansions": "author"}]
    + [{"tweet.fields": "words"}, {"pagination_token": "zzz"}, {"start_time": "yesterday"}],
)
def test_an_invalid_parameter_is_named_in_a_400(stage: Any, params: dict[str, str]) -> None:
    answer = stage.x("GET", f"users/{BELEDIYE}/mentions", params=params)
    assert answer.status_code == 400
    assert answer.json()["title"] == "Invalid Request"
    assert list(answer.json()["errors"][0]["parameters"]) == list(params)


def test_limits_are_counted_in_headers_and_enforced_when_asked(open_stage: Callable[..., Any]) -> None:
    stage = open_stage(enforce_x_rate_limits=True)
    first = stage.x("GET", f"users/{BELEDIYE}/mentions")
    second = stage.x("GET", f"users/{BELEDIYE}/mentions")
    assert first.headers["x-rate-limit-limit"] == "300"
    assert int(first.headers["x-rate-limit-remaining"]) - int(second.headers["x-rate-limit-remaining"]) == 1
    answers = [stage.x("DELETE", "tweets/1").status_code for _ in range(101)]
    assert answers[:100] == [404] * 100
    assert answers[100] == 429
