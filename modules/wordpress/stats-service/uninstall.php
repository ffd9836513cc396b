<?php
/**
 * Takes the settings away with the plug-in; the service keeps what it has counted.
 *
 * @package Stats_Service
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

delete_option( 'stats_service' );
