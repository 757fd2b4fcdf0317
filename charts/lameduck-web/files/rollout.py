"""One rollout restart of a workload under load. Exit status 1 if a request was lost: refused, reset, or without a whole answer.

Each request has a connection of its own. An answer is any; 503 is counted apart, for it is lameduck's own word to whoever comes too late.
"""
import argparse
import collections
import concurrent.futures
import http.client
import json
import os
import ssl
import sys
import threading
import time
import urllib.parse

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
# A drain lasts 30 s at most by default; an answer that takes longer is none.
PATIENCE = 40
# Before the restart and after the last old pod is gone, seconds: kube-proxy programs changes once a second.
MARGIN = 3

options = argparse.ArgumentParser()
for name in "service", "path", "workload", "selector":
    options.add_argument("--" + name, required=True)
options.add_argument("--rate", type=float, required=True)
options = options.parse_args()
tally, lost, guard, over = collections.Counter(), collections.Counter(), threading.Lock(), threading.Event()


def ask():
    connection = http.client.HTTPConnection(options.service, timeout=PATIENCE)
    try:
        connection.request("GET", options.path, headers={"Connection": "close"})
        answer = connection.getresponse()
        answer.read()
        kind, why = ("told 503" if answer.status == 503 else "answered"), None
    except (OSError, http.client.HTTPException) as error:
        kind, why = "lost", "%s: %s" % (type(error).__name__, error)
    finally:
        connection.close()
    with guard:
        tally[kind] += 1
        if why:
            lost[why] += 1


def load():
    with concurrent.futures.ThreadPoolExecutor(100) as clients:
        begin, sent = time.monotonic(), 0
        while not over.is_set():
            clients.submit(ask)
            sent += 1
            time.sleep(max(0, begin + sent / options.rate - time.monotonic()))


def api(method, path, body=None):
    tls = ssl.create_default_context(cafile=ACCOUNT + "/ca.crt")
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
    connection = http.client.HTTPSConnection(host, int(port), context=tls, timeout=PATIENCE)
    with open(ACCOUNT + "/token") as token:
        headers = {"Authorization": "Bearer " + token.read(), "Content-Type": "application/merge-patch+json"}
    connection.request(method, path, body and json.dumps(body), headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    if answer.status != 200:
        sys.exit("%s %s: %d %s" % (method, path, answer.status, text))
    return json.loads(text)


namespace = os.environ["NAMESPACE"]
WORKLOAD = "/apis/apps/v1/namespaces/%s/%s" % (namespace, options.workload)
PODS = "/api/v1/namespaces/%s/pods?labelSelector=%s" % (namespace, urllib.parse.quote(options.selector))


def pods():
    return {pod["metadata"]["uid"] for pod in api("GET", PODS)["items"]}


def replaced(workload):
    status, wanted = workload["status"], workload["spec"]["replicas"]
    seen = status.get("observedGeneration", 0) >= workload["metadata"]["generation"]
    return seen and status.get("updatedReplicas", 0) >= wanted and status.get("readyReplicas", 0) >= wanted


clients = threading.Thread(target=load, daemon=True)
clients.start()
time.sleep(MARGIN)
old = pods()
if not old:
    sys.exit("there are no pods of " + options.workload)
stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
annotations = {"annotations": {"kubectl.kubernetes.io/restartedAt": stamp}}
api("PATCH", WORKLOAD, {"spec": {"template": {"metadata": annotations}}})
while not replaced(api("GET", WORKLOAD)) or old & pods():
    time.sleep(0.5)
time.sleep(MARGIN)
over.set()
clients.join()
print("%d pods replaced: %d answered, %d told 503, %d lost" % (len(old), tally["answered"], tally["told 503"], tally["lost"]))
for why, times in lost.most_common():
    print("lost %d: %s" % (times, why))
if tally["lost"] or not tally["answered"]:
    sys.exit(1)
