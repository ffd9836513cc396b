<?php
/**
 * Plugin Name: Stats Service
 * Description: Counts visits and article views, shows them, and adds polls and ratings, from a stats service of your own.
 * Version: 1.0.0
 * Requires at least: 5.9
 * Requires PHP: 7.4
 * License: MIT
 * Text Domain: stats-service
 * Domain Path: /languages
 *
 * @package Stats_Service
 */

namespace Stats_Service;

defined( 'ABSPATH' ) || exit;

/** Name of the option that holds the settings, and of the page where they are changed. */
const OPTION = 'stats_service';

/**
 * The widgets: the name of the shortcode and block, the element that is printed, its attributes.
 *
 * An editor writes [stats_poll poll="duong-moi"]; the page gets what the script fills:
 * <div data-stats="poll" data-poll="duong-moi">…</div>.
 */
const WIDGETS = array(
	'visits'  => array( 'div', array( 'rows', 'labels' ) ),
	'views'   => array( 'span', array( 'article' ) ),
	'total'   => array( 'span', array() ),
	'today'   => array( 'span', array() ),
	'online'  => array( 'span', array() ),
	'poll'    => array( 'div', array( 'poll' ) ),
	'rating'  => array( 'div', array( 'article', 'readonly', 'label' ) ),
	'archive' => array( 'div', array( 'limit' ) ),
);

/**
 * Return the settings: `address` of the service with its path prefix (https://dem.example.vn/v1), `site` (its short
 * name there), `editors` (whether the views of those who are signed in and may edit count), `lists` (whether the number
 * of views stands below each item of a list).
 *
 * @return array<string, string>
 */
function settings() {
	return wp_parse_args(
		get_option( OPTION, array() ),
		array(
			'address' => '',
			'site'    => '',
			'editors' => '',
			'lists'   => '',
		)
	);
}

/**
 * Tell whether the page that is shown counts: it does not where nothing is read (a page that is not there, a list of
 * results, a preview, a page being edited), nor for people who edit, unless the settings say otherwise.
 *
 * @return bool
 */
function counts() {
	if ( is_404() || is_search() || is_preview() || is_customize_preview() || is_feed() || is_robots() ) {
		return false;
	}
	return settings()['editors'] || ! current_user_can( 'edit_posts' );
}

/**
 * Return under which address this page is counted: that of the post, whatever the query; empty: the script decides.
 *
 * @return string
 */
function article() {
	return is_singular() ? path_of( get_queried_object_id() ) : '';
}

/**
 * Return the path of a post, as its own page sends it.
 *
 * @param int $post Its number.
 * @return string
 */
function path_of( $post ) {
	$url  = wp_parse_url( (string) get_permalink( $post ) );
	$path = isset( $url['path'] ) ? $url['path'] : '/';
	return isset( $url['query'] ) ? "$path?{$url['query']}" : $path;
}

/** Print the script; where the page does not count, it only fills the widgets. */
function print_script() {
	$settings = settings();
	if ( ! $settings['address'] || ! $settings['site'] || is_feed() ) {
		return;
	}
	$attributes = array(
		'src'              => $settings['address'] . '/embed.js',
		'async'            => true,
		'data-site'        => $settings['site'],
		// What optimisers look for: a script that is combined or put off loses its own address.
		'data-no-optimize' => '1',
		'data-no-defer'    => '1',
		'data-noptimize'   => '1',
		'nowprocket'       => true,
		'data-cfasync'     => 'false',
	);
	if ( article() ) {
		$attributes['data-article'] = article();
	}
	if ( ! counts() ) {
		$attributes['data-opt'] = 'out';
	}
	wp_print_script_tag( $attributes );
	if ( counts() ) {
		printf(
			'<noscript><span hidden><img src="%s" alt="" width="1" height="1" loading="lazy" crossorigin="anonymous" referrerpolicy="no-referrer-when-downgrade"></span></noscript>' . "\n",
			esc_url( "{$settings['address']}/{$settings['site']}/dot.gif" )
		);
	}
}
add_action( 'wp_footer', __NAMESPACE__ . '\print_script' );

/**
 * Return a widget as HTML.
 *
 * @param string                $name   One of `WIDGETS`.
 * @param array<string, string> $values Its attributes.
 * @param int                   $post   The post in whose place of a list it stands; 0: none.
 * @return string
 */
function widget( $name, $values, $post = 0 ) {
	list( $element, $known ) = WIDGETS[ $name ];
	if ( $post && in_array( 'article', $known, true ) && empty( $values['article'] ) ) {
		$values['article'] = path_of( $post );
	}
	$html = "<$element data-stats=\"$name\"";
	foreach ( $known as $attribute ) {
		if ( isset( $values[ $attribute ] ) && '' !== (string) $values[ $attribute ] ) {
			$html .= sprintf( ' data-%s="%s"', $attribute, esc_attr( $values[ $attribute ] ) );
		}
	}
	$html .= ">…</$element>";
	// The script fills in the number alone.
	return 'views' === $name ? $html . ' ' . esc_html__( 'views', 'stats-service' ) : $html;
}

/** Make the shortcodes and the blocks. */
function register_widgets() {
	wp_register_script(
		'stats-service-blocks',
		plugins_url( 'blocks.js', __FILE__ ),
		array( 'wp-blocks', 'wp-element', 'wp-block-editor', 'wp-components' ),
		'1.0.0',
		true
	);
	$titles = titles();
	wp_localize_script(
		'stats-service-blocks',
		'statsServiceBlocks',
		array(
			'widgets' => array_map(
				function ( $name ) use ( $titles ) {
					return array(
						'name'       => $name,
						'title'      => $titles[ $name ],
						'attributes' => WIDGETS[ $name ][1],
					);
				},
				array_keys( WIDGETS )
			),
			'hint'    => __( 'Readers see the numbers here.', 'stats-service' ),
		)
	);
	foreach ( WIDGETS as $name => $parts ) {
		add_shortcode(
			"stats_$name",
			function ( $values ) use ( $name ) {
				$post = in_the_loop() && ! is_singular() ? get_the_ID() : 0;
				return widget( $name, (array) $values, (int) $post );
			}
		);
		$attributes = array();
		foreach ( $parts[1] as $attribute ) {
			$attributes[ $attribute ] = array(
				'type'    => 'string',
				'default' => '',
			);
		}
		register_block_type(
			"stats-service/$name",
			array(
				'api_version'     => 2,
				'title'           => $titles[ $name ],
				'category'        => 'widgets',
				'attributes'      => $attributes,
				'uses_context'    => array( 'postId' ),
				'editor_script'   => 'stats-service-blocks',
				'render_callback' => function ( $values, $content, $block ) use ( $name ) {
					// In a list every item has its own article.
					$post = isset( $block->context['postId'] ) ? (int) $block->context['postId'] : 0;
					return widget( $name, $values, get_queried_object_id() === $post ? 0 : $post );
				},
			)
		);
	}
}
add_action( 'init', __NAMESPACE__ . '\register_widgets' );

/**
 * Put the number of views below each item of a list, if the settings say so.
 *
 * @param string $excerpt What a list shows of a post.
 * @return string
 */
function add_views( $excerpt ) {
	if ( ! settings()['lists'] || is_singular() || is_feed() || is_admin() ) {
		return $excerpt;
	}
	return $excerpt . '<p class="stats-service-views">' . widget( 'views', array(), get_the_ID() ) . '</p>';
}
add_filter( 'the_excerpt', __NAMESPACE__ . '\add_views' );

/**
 * Return what each widget is called.
 *
 * @return array<string, string>
 */
function titles() {
	return array(
		'visits'  => __( 'Visitor numbers', 'stats-service' ),
		'views'   => __( 'Views of the article', 'stats-service' ),
		'total'   => __( 'All visits', 'stats-service' ),
		'today'   => __( 'Visits today', 'stats-service' ),
		'online'  => __( 'Readers online', 'stats-service' ),
		'poll'    => __( 'Poll', 'stats-service' ),
		'rating'  => __( 'Rating of the article', 'stats-service' ),
		'archive' => __( 'Former polls', 'stats-service' ),
	);
}

/** Load the translation. */
function load_texts() {
	load_plugin_textdomain( 'stats-service', false, dirname( plugin_basename( __FILE__ ) ) . '/languages' );
}
add_action( 'plugins_loaded', __NAMESPACE__ . '\load_texts' );

/** Add the page of settings. */
function add_page() {
	add_options_page(
		__( 'Stats Service', 'stats-service' ),
		__( 'Stats Service', 'stats-service' ),
		'manage_options',
		OPTION,
		__NAMESPACE__ . '\show_page'
	);
}
add_action( 'admin_menu', __NAMESPACE__ . '\add_page' );

/** Let WordPress keep the settings. */
function register_settings() {
	register_setting( OPTION, OPTION, array( 'sanitize_callback' => __NAMESPACE__ . '\cleaned' ) );
}
add_action( 'admin_init', __NAMESPACE__ . '\register_settings' );

/**
 * Return settings as they are kept; what cannot be used stays as it was, and the page says why.
 *
 * @param mixed $sent What the form sent.
 * @return array<string, string>
 */
function cleaned( $sent ) {
	$kept = settings();
	$sent = is_array( $sent ) ? $sent : array();
	$text = function ( $name ) use ( $sent ) {
		return isset( $sent[ $name ] ) ? trim( sanitize_text_field( (string) $sent[ $name ] ) ) : '';
	};
	$address = untrailingslashit( $text( 'address' ) );
	if ( preg_match( '~^https?://[^/?#\s]+(/[^?#\s]*)?$~', $address ) ) {
		$kept['address'] = esc_url_raw( $address );
	} elseif ( '' !== $address ) {
		/* translators: %s: what was written */
		$fault = __( '%s is no address. Write it as the page "Install" of the service does: https://dem.example.vn/v1', 'stats-service' );
		add_settings_error( OPTION, 'address', sprintf( $fault, $address ) );
	}
	$site = $text( 'site' );
	if ( preg_match( '/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/', $site ) ) {
		$kept['site'] = $site;
	} elseif ( '' !== $site ) {
		/* translators: %s: what was written */
		$fault = __( '%s is no short name of a site: small letters, digits and hyphens.', 'stats-service' );
		add_settings_error( OPTION, 'site', sprintf( $fault, $site ) );
	}
	$kept['editors'] = $text( 'editors' ) ? '1' : '';
	$kept['lists']   = $text( 'lists' ) ? '1' : '';
	return $kept;
}

/** Show the page of settings. */
function show_page() {
	$settings = settings();
	?>
<div class="wrap"><h1><?php esc_html_e( 'Stats Service', 'stats-service' ); ?></h1>
<form method="post" action="options.php">
	<?php settings_fields( OPTION ); ?>
<table class="form-table" role="presentation">
<tr><th scope="row"><label for="stats-address"><?php esc_html_e( 'Address of the service', 'stats-service' ); ?></label></th>
<td><input class="regular-text code" id="stats-address" name="<?php echo esc_attr( OPTION ); ?>[address]" type="url" required placeholder="https://dem.example.vn/v1" value="<?php echo esc_attr( $settings['address'] ); ?>">
<p class="description"><?php esc_html_e( 'With its path, as in the snippet on the page "Install" of the service.', 'stats-service' ); ?></p></td></tr>
<tr><th scope="row"><label for="stats-site"><?php esc_html_e( 'Short name of this site', 'stats-service' ); ?></label></th>
<td><input class="regular-text code" id="stats-site" name="<?php echo esc_attr( OPTION ); ?>[site]" required pattern="[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?" placeholder="kimson" value="<?php echo esc_attr( $settings['site'] ); ?>"></td></tr>
<tr><th scope="row"><?php esc_html_e( 'Who counts', 'stats-service' ); ?></th>
<td><label><input type="checkbox" name="<?php echo esc_attr( OPTION ); ?>[editors]" value="1" <?php checked( $settings['editors'], '1' ); ?>> <?php esc_html_e( 'Views of signed-in people who may edit, too', 'stats-service' ); ?></label></td></tr>
<tr><th scope="row"><?php esc_html_e( 'Lists', 'stats-service' ); ?></th>
<td><label><input type="checkbox" name="<?php echo esc_attr( OPTION ); ?>[lists]" value="1" <?php checked( $settings['lists'], '1' ); ?>> <?php esc_html_e( 'Show the number of views below each excerpt', 'stats-service' ); ?></label></td></tr>
</table>
	<?php submit_button(); ?>
</form>
<h2><?php esc_html_e( 'Check', 'stats-service' ); ?></h2>
<p><a class="button" target="_blank" rel="noopener" href="<?php echo esc_url( home_url( '/#stats-check' ) ); ?>"><?php esc_html_e( 'Open the home page and see what is counted', 'stats-service' ); ?></a></p>
<h2><?php esc_html_e( 'Widgets', 'stats-service' ); ?></h2>
<p><?php esc_html_e( 'As blocks of the same names, or as shortcodes:', 'stats-service' ); ?></p>
<table class="widefat striped" style="max-width:42rem"><tbody>
	<?php foreach ( titles() as $name => $title ) : ?>
<tr><td><?php echo esc_html( $title ); ?></td><td><code>[stats_<?php echo esc_html( $name ); ?>]</code></td></tr>
	<?php endforeach; ?>
</tbody></table></div>
	<?php
}

/**
 * Put a link to the settings beside the plug-in's name.
 *
 * @param string[] $links Those that are there.
 * @return string[]
 */
function add_link( $links ) {
	$url = admin_url( 'options-general.php?page=' . OPTION );
	array_unshift( $links, sprintf( '<a href="%s">%s</a>', esc_url( $url ), esc_html__( 'Settings', 'stats-service' ) ) );
	return $links;
}
add_filter( 'plugin_action_links_' . plugin_basename( __FILE__ ), __NAMESPACE__ . '\add_link' );
