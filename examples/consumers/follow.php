#!/usr/bin/env php
<?php
// Print every build that ends: AMQP_URL=amqp://… php follow.php QUEUE [PATTERN]
//
// Needs php-amqplib (Debian: php-amqplib). The queue is durable: what happens while this program is away waits there.
foreach (['PhpAmqpLib/autoload.php', 'vendor/autoload.php'] as $file) {
    if (stream_resolve_include_path($file)) { require_once $file; break; }
}
use PhpAmqpLib\Connection\AMQPStreamConnection;
use PhpAmqpLib\Message\AMQPMessage;
use PhpAmqpLib\Wire\AMQPTable;

const EVENTS = 'exchange/doorbell/v1/events';
$queue = $argv[1];
$pattern = $argv[2] ?? 'build.finished.#';
$url = parse_url(getenv('AMQP_URL'));
$vhost = rawurldecode(substr($url['path'] ?? '/%2F', 1)) ?: '/';

$connection = new AMQPStreamConnection(
    $url['host'], $url['port'] ?? 5672, rawurldecode($url['user'] ?? 'guest'), rawurldecode($url['pass'] ?? 'guest'), $vhost);
$channel = $connection->channel();
// What this program cannot read goes to a queue of its own, instead of coming back for ever.
$channel->queue_declare("$queue/dead", false, true, false, false, false, new AMQPTable(['x-queue-type' => 'quorum']));
$channel->queue_declare($queue, false, true, false, false, false, new AMQPTable([
    'x-queue-type' => 'quorum', 'x-dead-letter-exchange' => '', 'x-dead-letter-routing-key' => "$queue/dead",
]));
$channel->queue_bind($queue, EVENTS, $pattern);
$channel->basic_qos(0, 100, false);

$versions = []; // of each entity, the version that was seen last; a program that must never err keeps this in its database
$channel->basic_consume($queue, '', false, false, false, false, function (AMQPMessage $message) use (&$versions) {
    $event = json_decode($message->getBody(), true);
    if (!isset($event['entity']['version'], $event['epoch'], $event['data'])) {
        $message->reject(false);
        return;
    }
    $entity = $event['entity'];
    $key = "$event[epoch] $entity[kind] $entity[id]";
    if ($entity['version'] > ($versions[$key] ?? 0)) { // else it is a repeat
        $versions[$key] = $entity['version'];
        $data = $event['data'];
        echo implode(' ', [$event['event'], $data['builder'] ?? '-', $data['branch'] ?? '-', $data['outcome'] ?? '-', $event['links']['self']]), "\n";
    }
    $message->ack(); // after the work: a crash before it brings the event again
});
while ($channel->is_consuming()) {
    $channel->wait();
}
