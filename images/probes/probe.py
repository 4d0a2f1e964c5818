# What a function in Python finds in the image.
import os
import re
import ssl
import zoneinfo

import git
import requests
import sluice
import yaml


def writes(path):
    try:
        with open(path, "w", encoding="utf-8"):
            return True
    except OSError:
        return False


def main(context):
    url = sluice.parameter("url")
    with open("/proc/self/status", encoding="utf-8") as file:
        status = file.read()
    repository = git.Repo.init("repository")
    repository.index.add([])
    author = git.Actor("probe", "probe@example.com")
    repository.index.commit("none", author=author, committer=author)
    # The server is no git server; that it is asked shows that git can speak HTTP.
    try:
        repository.git.ls_remote(url)
        remote = "answered"
    except git.GitCommandError as error:
        remote = "not found" if "not found" in error.stderr else error.stderr
    return {
        "user": str(os.getuid()),
        "capabilities": re.search(r"^CapEff:\s+(\w+)", status, re.M)[1],
        "readOnly": not writes("/tried"),
        "tmp": writes("/tmp/tried"),
        "app": context["appName"],
        "secret": sluice.secret("token"),
        "downloaded": requests.get(url, timeout=10).text,
        "commit": yaml.safe_load(f"message: {repository.head.commit.message}")["message"],
        "remote": remote,
        "certificates": len(ssl.create_default_context().get_ca_certs()) > 50,
        "zone": str(zoneinfo.ZoneInfo("Europe/Vienna")),
    }
